// Checks a package and names every file in it that is not what the installation signed (as verify.py).
const MANIFEST = 'manifest.json', SIGNATURE = 'manifest.sig', PUBLIC_KEY = 'public-key.pem';
const ZIP = 'zip'; // stands for the name of a file where the zip itself is at fault
const SMALL = 64 << 20; // bytes; manifest, signature and key are far smaller
const PIECE = 16 << 20; // bytes, as in hashes.py

class NoPackage extends Error {}

// What was dropped: a zip, or its unpacked files as [{path, file}].
async function opened(dropped) {
  if (dropped.length === 1 && !dropped[0].path.endsWith(MANIFEST)) {
    const zip = dropped[0].file, byHeaders = await filesByHeaders(zip);
    const ours = files => files.some(file => [MANIFEST, SIGNATURE, PUBLIC_KEY].includes(file.name));
    const lists = byHeaders.some(file => file.name === MANIFEST) ? [byHeaders] : [];
    lists.push(await filesByDirectory(zip), byHeaders);
    const files = lists.find(ours);
    if (!files) throw new NoPackage();
    return { zip, files };
  }
  const manifest = dropped.find(({ path }) => path.split('/').at(-1) === MANIFEST);
  if (!manifest) throw new NoPackage();
  const folder = manifest.path.slice(0, -MANIFEST.length);
  const files = dropped.filter(({ path }) => path.startsWith(folder)).map(({ path, file }) => (
    { name: path.slice(folder.length), size: file.size, blob: file }
  ));
  // Files that were chosen one by one have lost their folders.
  return { files, flat: files.every(file => !file.name.includes('/')) };
}

async function verify(dropped, published, told) {
  const { zip, files, flat } = await opened(dropped), faults = [];
  const blame = (name, problem) => {
    if (!faults.some(fault => fault.name === name && fault.problem === problem)) faults.push({ name, problem });
  };
  const content = async name => {
    const file = files.find(file => file.name === name);
    if (!file || file.size > SMALL) {
      blame(name, file ? 'changed' : 'missing');
      return null;
    }
    return new Uint8Array(await file.blob.arrayBuffer());
  };
  const [manifestBytes, signature, pem] = [await content(MANIFEST), await content(SIGNATURE), await content(PUBLIC_KEY)];
  const manifest = manifestBytes && readManifest(manifestBytes);
  if (manifestBytes && !manifest) blame(MANIFEST, 'changed');
  const key = pem && rawKey(textOf(pem));
  if (pem && !key) blame(PUBLIC_KEY, 'changed');
  const fingerprint = key ? await sha256Of(key) : '';
  if (published && fingerprint && published !== fingerprint) blame(PUBLIC_KEY, 'other_key');
  const signed = key && manifestBytes && signature ? await isSigned(key, signature, manifestBytes) : null;
  if (signed === false) {
    const damaged = files.filter(({ name }) => [MANIFEST, SIGNATURE, PUBLIC_KEY].includes(name));
    let named = false;
    for (const file of zip ? damaged : []) {
      if (crc32Of(new Uint8Array(await file.blob.arrayBuffer())) !== file.crc) {
        blame(file.name, 'changed');
        named = true;
      }
    }
    if (!named) blame(SIGNATURE, 'not_signed');
  }
  const states = manifest ? await checkFiles(manifest, files, flat, blame, told) : [];
  if (zip && manifest) await checkLayout(zip, manifest, files, faults, blame);
  return { manifest, fingerprint, signed, faults, states };
}

function readManifest(bytes) {
  try {
    const manifest = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const listed = manifest.files.map(({ name, size, sha256, crc32, pieces = [] }) => (
      { name: String(name), size: Number(size), sha256, crc: parseInt(crc32, 16), pieces }
    ));
    const dated = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(manifest.created_at);
    const known = manifest.format === 'mingjing-evidence-1' && dated;
    return known && listed.every(file => Number.isSafeInteger(file.size)) ? { ...manifest, files: listed } : null;
  } catch {
    return null;
  }
}

async function checkFiles(manifest, files, flat, blame, told) {
  const nameOf = path => flat ? path.split('/').at(-1) : path;
  const expected = new Map(manifest.files.map(file => [nameOf(file.name), file])), seen = new Map();
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const progress = count => told((done += count) / total);
  for (const file of files) {
    seen.set(file.name, (seen.get(file.name) || 0) + 1);
    const listed = expected.get(file.name);
    if (!listed) {
      if (![MANIFEST, SIGNATURE].includes(file.name)) blame(file.name, 'added');
      continue;
    }
    if (!await isSame(file.blob, listed, progress)) blame(listed.name, 'changed');
  }
  for (const [name, listed] of [...expected, [MANIFEST, { name: MANIFEST }], [SIGNATURE, { name: SIGNATURE }]]) {
    const times = seen.get(name) || 0;
    if (times !== 1) blame(listed.name, times ? 'added' : 'missing');
  }
  return manifest.files;
}

// Every byte that is no content must be the one that our own zip has there.
async function checkLayout(zip, manifest, files, faults, blame) {
  const listed = manifest.files.map(({ name, size, crc }) => ({ name, size, crc }));
  for (const name of [MANIFEST, SIGNATURE]) {
    const file = files.find(file => file.name === name);
    if (!file) return; // blamed already
    const crc = crc32Of(new Uint8Array(await file.blob.arrayBuffer()));
    listed.push({ name, size: file.size, crc });
  }
  const entries = placed(listed), blamed = new Set(faults.map(fault => fault.name));
  for (const entry of entries) {
    const header = localHeader(entry, manifest.created_at);
    if (!blamed.has(entry.name) && !await stands(zip, entry.offset, header, header.length)) {
      blame(entry.name, 'header');
    }
  }
  const end = ending(entries, manifest.created_at);
  if (!await stands(zip, entries.at(-1).end, end, end.length + 1)) blame(ZIP, 'layout');
}

async function stands(file, at, wanted, count) {
  const found = new Uint8Array(await file.slice(at, at + count).arrayBuffer());
  return found.length === wanted.length && found.every((byte, i) => byte === wanted[i]);
}

// Whether a file has the listed hash: of the whole, or of each of its pieces, which are never in memory together.
async function isSame(blob, listed, told) {
  if (blob.size !== listed.size) return false;
  const hashes = blob.size > PIECE ? listed.pieces : [listed.sha256];
  if (hashes.length !== Math.max(Math.ceil(blob.size / PIECE), 1)) return false;
  for (let number = 0; number < hashes.length; number++) {
    const piece = await blob.slice(number * PIECE, (number + 1) * PIECE).arrayBuffer();
    if (await sha256Of(piece) !== hashes[number]) return false;
    told(piece.byteLength);
  }
  return true;
}

const sha256Of = async bytes => hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));

const hexOf = bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');

// The 32 bytes of an Ed25519 key in a PEM file (RFC 8410); null: it is none.
function rawKey(pem) {
  const found = /^-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(pem);
  try {
    const der = Uint8Array.from(atob(found[1].replace(/\s/g, '')), sign => sign.charCodeAt(0));
    return der.length === 44 && hexOf(der.subarray(0, 12)) === '302a300506032b6570032100' ? der.slice(12) : null;
  } catch {
    return null;
  }
}

// null: this browser cannot tell.
async function isSigned(key, signature, bytes) {
  try {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, bytes);
  } catch {
    return null;
  }
}
