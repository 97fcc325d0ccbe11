// A range of footage of one camera as one file, made by the server (dashboard/footage_routes.py), whose headers
// tell the wall clock of its first picture. All instants are microseconds since 1970.

function instantIn(header) {
  return Date.parse(`${header.slice(0, 23)}Z`) * 1000 + Number(header.slice(23, 26));
}

function addressOf(camera, [from, to]) {
  const query = `from=${encodeURIComponent(isoOf(from))}&to=${encodeURIComponent(isoOf(to))}`;
  return `/footage/video/${camera}.mp4?${query}`;
}

// What the server knows of a range: { source, start, end, size, complete }, or { source, status } when it refuses
// (no status: it did not answer).
async function fileOf(camera, range) {
  const source = addressOf(camera, range);
  const answer = await fetch(source, { method: "HEAD" }).catch(() => null);
  if (!answer?.ok) return { source, status: answer?.status };
  const [start, end] = ["footage-starts-at", "footage-ends-at"].map((name) => instantIn(answer.headers.get(name)));
  const size = Number(answer.headers.get("content-length"));
  return { source, start, end, size, complete: answer.headers.get("footage-complete") === "yes" };
}

// Why the server refuses, in the language of the page.
async function reasonOf({ source, status }, words, language) {
  if (status === 401) return words.signed_out;
  const told = status ? await fetch(source).then((full) => full.text(), () => "") : "";
  const [chinese, english] = told.split(" / ");
  return (language === "en" ? english : chinese) || words.unreachable;
}
