// Finds the files of a zip that somebody may have changed: nothing in it is believed (as zip_reader.py).
const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR = 0x07064b50;
const BIG = 0xffffffff, MANY = 0xffff;

async function viewOf(file, at, count) {
  return new DataView(await file.slice(Math.max(at, 0), Math.max(at + count, 0)).arrayBuffer());
}

const wideNumber = (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

const textOf = buffer => new TextDecoder().decode(buffer);

// The values; those that did not fit their field from the ZIP64 field (id 1).
function widened(extra, values) {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const kind = extra.getUint16(at, true), length = extra.getUint16(at + 2, true);
    if (kind === 1) {
      const wide = [];
      for (let p = at + 4; p + 8 <= Math.min(at + 4 + length, extra.byteLength); p += 8) {
        wide.push(wideNumber(extra, p));
      }
      if (values[0] === BIG && wide.length > 1) wide.shift(); // both sizes are the same
      return values.map(value => value === BIG && wide.length ? wide.shift() : value);
    }
    at += 4 + length;
  }
  return values;
}

// The files one after the other, as far as the headers before them make sense.
async function filesByHeaders(file) {
  const found = [];
  for (let at = 0; ;) {
    const head = await viewOf(file, at, 30);
    if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) return found;
    const nameLength = head.getUint16(26, true), extraLength = head.getUint16(28, true);
    const rest = await viewOf(file, at + 30, nameLength + extraLength);
    const name = textOf(rest.buffer.slice(0, nameLength));
    const extra = new DataView(rest.buffer.slice(nameLength));
    const [size] = widened(extra, [head.getUint32(22, true)]);
    at += 30 + nameLength + extraLength;
    found.push({ name, at, size, crc: head.getUint32(14, true), blob: file.slice(at, at + size) });
    at += size;
  }
}

// The files that the directory at the end names, as far as it makes sense.
async function filesByDirectory(file) {
  const { directory, moved } = await directoryOf(file), found = [];
  for (let at = 0; at + 46 <= directory.byteLength && directory.getUint32(at, true) === CENTRAL;) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(p => directory.getUint16(at + p, true));
    const nameAt = at + 46, extraAt = nameAt + nameLength;
    const name = textOf(directory.buffer.slice(nameAt, extraAt));
    const extra = new DataView(directory.buffer.slice(extraAt, extraAt + extraLength));
    const values = [directory.getUint32(at + 24, true), directory.getUint32(at + 42, true)];
    const [size, stated] = widened(extra, values), offset = Math.max(stated + moved, 0);
    const head = await viewOf(file, offset, 30);
    if (head.byteLength === 30) {
      const contentAt = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
      const crc = directory.getUint32(at + 16, true);
      found.push({ name, at: contentAt, size, crc, blob: file.slice(contentAt, contentAt + size) });
    }
    at = extraAt + extraLength + commentLength;
  }
  return found;
}

// The directory before its end, and by how much all offsets are moved: something was put before them.
async function directoryOf(file) {
  let endAt = file.size - 22;
  const none = { directory: new DataView(new ArrayBuffer(0)), moved: 0 }, end = await viewOf(file, endAt, 22);
  if (end.byteLength < 22 || end.getUint32(0, true) !== END) return none;
  let size = end.getUint32(12, true), begins = end.getUint32(16, true);
  const end64 = await viewOf(file, endAt - 76, 56);
  if (endAt >= 76 && end64.getUint32(0, true) === END64) {
    endAt -= 76;
    size = wideNumber(end64, 40);
    begins = wideNumber(end64, 48);
  }
  if (size > Math.min(endAt, 64 << 20)) return none;
  return { directory: await viewOf(file, endAt - size, size), moved: endAt - size - begins };
}
