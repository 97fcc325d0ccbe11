// The one way in which a package is laid out as a zip (as zip_layout.py): names, sizes and checksums say what
// every other byte must be, so that none of them can be changed unseen.

// Bytes of little-endian numbers: [width, value] pairs.
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [width]) => sum + width, 0)));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else {
      view.setUint32(at, value % 2 ** 32, true);
      view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    }
    at += width;
  }
  return new Uint8Array(view.buffer);
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Where files {name, size, crc} lie, one after the other.
function placed(files) {
  let at = 0;
  return files.map(file => {
    const name = new TextEncoder().encode(file.name), offset = at;
    at += 30 + name.length + (file.size >= BIG ? 20 : 0) + file.size;
    return { ...file, bytes: name, offset, end: at };
  });
}

// The date of all files, from ISO 8601 text as people are shown it.
function dosTime(createdAt) {
  const [year, month, day, hour, minute, second] = createdAt.match(/\d+/g).map(Number);
  const clock = hour << 11 | minute << 5 | second >> 1, date = (year - 1980) << 9 | month << 5 | day;
  return [[2, clock], [2, date]];
}

function localHeader(entry, createdAt) {
  const big = entry.size >= BIG, size = big ? BIG : entry.size;
  return joined(
    packed(
      [4, LOCAL], [2, big ? 45 : 20], [2, 0x800], [2, 0], ...dosTime(createdAt), [4, entry.crc],
      [4, size], [4, size], [2, entry.bytes.length], [2, big ? 20 : 0],
    ),
    entry.bytes,
    big ? packed([2, 1], [2, 16], [8, entry.size], [8, entry.size]) : new Uint8Array(),
  );
}

function centralHeader(entry, createdAt) {
  const big = entry.size >= BIG, far = entry.offset >= BIG, size = big ? BIG : entry.size;
  const fields = [...(big ? [entry.size, entry.size] : []), ...(far ? [entry.offset] : [])];
  const needed = fields.length ? 45 : 20;
  return joined(
    packed(
      [4, CENTRAL], [2, 3 << 8 | needed], [2, needed], [2, 0x800], [2, 0], ...dosTime(createdAt),
      [4, entry.crc], [4, size], [4, size], [2, entry.bytes.length],
      [2, fields.length ? 4 + 8 * fields.length : 0], [2, 0], [2, 0], [2, 0], [4, 0o100644 * 2 ** 16],
      [4, Math.min(entry.offset, BIG)],
    ),
    entry.bytes,
    fields.length ? packed([2, 1], [2, 8 * fields.length], ...fields.map(value => [8, value])) : new Uint8Array(),
  );
}

function ending(entries, createdAt) {
  const begins = entries.at(-1).end, count = entries.length;
  const directory = joined(...entries.map(entry => centralHeader(entry, createdAt)));
  const few = Math.min(count, MANY);
  const end = packed(
    [4, END], [2, 0], [2, 0], [2, few], [2, few], [4, directory.length], [4, Math.min(begins, BIG)], [2, 0],
  );
  if (begins < BIG && count < MANY) return joined(directory, end);
  const end64 = packed(
    [4, END64], [8, 44], [2, 3 << 8 | 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count],
    [8, directory.length], [8, begins],
  );
  return joined(directory, end64, packed([4, LOCATOR], [4, 0], [8, begins + directory.length], [4, 1]), end);
}

function crc32Of(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
