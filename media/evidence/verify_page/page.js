// What the user sees: drop a package, read the verdict.
const $ = id => document.getElementById(id);
let last = null; // what was found last, to be told in the other language too
// A key that is one (RFC 8032, 7.1, test 1), to see whether this browser knows such keys.
const KNOWN_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

function element(tag, content = '', className = '') {
  const made = document.createElement(tag);
  made.className = className;
  if (Array.isArray(content)) made.append(...content);
  else made.textContent = content; // names come from the package: never markup
  return made;
}

function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = t('title');
  for (const place of document.querySelectorAll('[data-word]')) place.textContent = t(place.dataset.word);
  $('language').textContent = t('other');
  if (last) last();
}

const enteredFingerprint = () => $('published').value.toLowerCase().replace(/[^0-9a-f]/g, '');

let turn = 0;
async function check(dropped) {
  if (!crypto.subtle) return; // told at the head of the page
  const mine = ++turn;
  last = null;
  $('result').replaceChildren();
  $('working').hidden = false;
  const bar = $('working').querySelector('progress');
  bar.value = 0;
  let show;
  try {
    const found = await verify(dropped, '', fraction => { if (mine === turn) bar.value = fraction; });
    show = () => showVerdict(found);
  } catch (error) {
    const why = () => error instanceof NoPackage ? t('no_package') : t('failed') + error.message;
    show = () => $('result').replaceChildren(element('p', why(), 'note bad'));
  }
  if (mine !== turn) return;
  $('working').hidden = true;
  last = show;
  show();
}

function showVerdict({ manifest, fingerprint, signed, faults, states }) {
  const entered = enteredFingerprint(), other = entered && fingerprint && entered !== fingerprint;
  const all = other ? [...faults, { name: PUBLIC_KEY, problem: 'other_key' }] : faults;
  const verdict = element('div', '', 'note ' + (all.length ? 'bad' : signed ? 'good' : 'watch'));
  verdict.id = 'verdict';
  if (all.length) {
    verdict.append(element('h2', `✗ ${t('changed')}`), element('p', t('problems')), listOf(all));
  } else if (signed) {
    verdict.append(element('h2', `✓ ${t('whole')}`), element('p', t(entered ? 'whole_same_key' : 'whole_compare')));
  } else {
    verdict.append(element('h2', `! ${t('unsigned')}`), element('p', t('no_ed25519')));
  }
  if (fingerprint) {
    verdict.append(element('p', [`${t('fingerprint')} `, element('code', fingerprint.match(/.{4}/g).join(' '))]));
  }
  $('result').replaceChildren(verdict);
  if (manifest) $('result').append(...segmentNote(manifest), factsOf(manifest), filesTable(states, all));
}

function listOf(faults) {
  return element('ul', faults.map(({ name, problem }) => element('li', [
    element('strong', name === ZIP ? t('zip') : name), ` ${t('problem')[problem]}`,
  ], 'bad')));
}

function segmentNote(manifest) {
  const chains = (manifest.cameras || []).flatMap(camera => camera.chain || []);
  const count = chains.filter(link => ['changed', 'missing'].includes(link.file)).length;
  return count ? [element('p', t('segments').replace('{count}', count), 'note watch')] : [];
}

function factsOf(manifest) {
  const time = text => String(text || '').slice(0, 19).replace('T', ' ');
  const rows = ['number', 'case_no', 'reason', 'requested_by', 'approved_by'].map(key => [t(key), manifest[key]]);
  rows.push([t('created_at'), time(manifest.created_at)], [t('identity'), manifest.installation?.identity]);
  for (const camera of manifest.cameras || []) {
    rows.push([t('footage'), `${camera.room} ${camera.camera} ${time(camera.from)} ${t('to')} ${time(camera.to)}`]);
  }
  return tableOf(rows.map(([name, value]) => element('tr', [element('th', name), element('td', value || t('none'))])));
}

function filesTable(files, faults) {
  const wrong = new Map(faults.map(fault => [fault.name, fault.problem]));
  const rows = [element('tr', ['file', 'size', 'state'].map(key => element('th', t(key), key === 'size' ? 'number' : '')))];
  for (const { name, size } of files) {
    const problem = wrong.get(name);
    rows.push(element('tr', [
      element('td', name),
      element('td', size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e3).toFixed(1)} kB`, 'number'),
      element('td', problem ? `✗ ${t('problem')[problem]}` : `✓ ${t('right')}`, `state ${problem ? 'bad' : 'good'}`),
    ]));
  }
  return tableOf(rows);
}

function tableOf(rows) {
  return element('div', [element('table', rows)], 'scroll');
}

// Files of dropped folders, with their paths.
async function walked(entry, found = []) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.slice(1), file });
    return found;
  }
  const reader = entry.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return found;
    for (const each of entries) await walked(each, found);
  }
}

function chosen(event) {
  const dropped = [...event.target.files].map(file => ({ path: file.webkitRelativePath || file.name, file }));
  event.target.value = ''; // the same file again is a new check
  if (dropped.length) check(dropped);
}

async function droppedOn(event) {
  event.preventDefault();
  $('drop').classList.remove('over');
  const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry()).filter(Boolean);
  const dropped = (await Promise.all(entries.map(entry => walked(entry)))).flat();
  if (dropped.length) check(dropped);
}

async function tellWhatIsMissing() {
  const key = Uint8Array.from(KNOWN_KEY.match(/../g), pair => parseInt(pair, 16)), unable = $('unable');
  const able = await isSigned(key, new Uint8Array(64), new Uint8Array(1)) !== null;
  unable.hidden = able;
  unable.dataset.word = crypto.subtle ? 'no_ed25519' : 'not_secure';
  speak();
}

$('zip').addEventListener('change', chosen);
$('folder').addEventListener('change', chosen);
$('published').addEventListener('input', () => last && last());
$('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  speak();
});
$('drop').addEventListener('keydown', event => {
  if (event.target === $('drop') && ['Enter', ' '].includes(event.key)) $('zip').click();
});
for (const kind of ['dragover', 'dragenter']) {
  document.addEventListener(kind, event => {
    event.preventDefault();
    $('drop').classList.add('over');
  });
}
document.addEventListener('dragleave', () => $('drop').classList.remove('over'));
document.addEventListener('drop', droppedOn);
speak();
tellWhatIsMissing();
