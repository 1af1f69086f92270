// Computes tests/vectors/private.txt a second time, from the formats in keys/KEYS.md and
// with nothing of ours: Node's own crypto, and HChaCha20 written out below.
//   node tests/vectors/private.mjs > tests/vectors/private.txt
// A difference from the committed file is a change of a format.
import crypto from 'node:crypto';

const PAD_FLOOR = 3400;
const hex = (b) => Buffer.from(b).toString('hex');
const cat = (...p) => Buffer.concat(p.map((x) => Buffer.from(x)));
const seq = (start, n) => Buffer.from(Array.from({ length: n }, (_, i) => (start + i) & 255));
const sha256 = (...p) => crypto.createHash('sha256').update(cat(...p)).digest();
const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };
const practice = seq(0, 32);
const noPractice = Buffer.alloc(32);

const frame = (label, id, ...body) => cat([0], label, [0], u16(1), id, ...body);
const hmac512 = (key, m) => crypto.createHmac('sha512', key).update(m).digest();
const hmac256 = (key, m) => crypto.createHmac('sha256', key).update(m).digest();
const hkdfExtract = (salt, ikm) => hmac256(salt.length ? salt : Buffer.alloc(32), ikm);
function hkdfExpand(prk, info, size) {
  let out = Buffer.alloc(0), block = Buffer.alloc(0);
  for (let i = 1; out.length < size; i++) {
    block = hmac256(prk, cat(block, info, [i]));
    out = cat(out, block);
  }
  return out.subarray(0, size);
}

// ---- XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha)
function hchacha20(key, nonce16) {
  const s = new Uint32Array(16);
  const rd = (b, i) => Buffer.from(b).readUInt32LE(i * 4);
  s.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) s[4 + i] = rd(key, i);
  for (let i = 0; i < 4; i++) s[12 + i] = rd(nonce16, i);
  const rot = (x, n) => ((x << n) | (x >>> (32 - n))) >>> 0;
  const quarter = (a, b, c, d) => {
    s[a] += s[b]; s[d] = rot(s[d] ^ s[a], 16);
    s[c] += s[d]; s[b] = rot(s[b] ^ s[c], 12);
    s[a] += s[b]; s[d] = rot(s[d] ^ s[a], 8);
    s[c] += s[d]; s[b] = rot(s[b] ^ s[c], 7);
  };
  for (let i = 0; i < 10; i++) {
    quarter(0, 4, 8, 12); quarter(1, 5, 9, 13); quarter(2, 6, 10, 14); quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15); quarter(1, 6, 11, 12); quarter(2, 7, 8, 13); quarter(3, 4, 9, 14);
  }
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((w, i) => out.writeUInt32LE(s[w], i * 4));
  return out;
}
function chacha(key, nonce12, text, ad) {
  const c = crypto.createCipheriv('chacha20-poly1305', key, nonce12, { authTagLength: 16 });
  c.setAAD(ad, { plaintextLength: text.length });
  const body = cat(c.update(text), c.final());
  return cat(body, c.getAuthTag());
}
const xchacha = (key, nonce24, text, ad) =>
  chacha(hchacha20(key, nonce24.subarray(0, 16)), cat(Buffer.alloc(4), nonce24.subarray(16)), text, ad);

// ---- one message of secretstream, the final one
function poly1305(key, message) {
  const le = (b) => BigInt('0x' + hex(Buffer.from(b).reverse()));
  const r = le(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn, p = (1n << 130n) - 5n;
  let acc = 0n;
  for (let i = 0; i < message.length; i += 16) {
    const block = message.subarray(i, i + 16);
    acc = ((acc + le(block) + (1n << BigInt(8 * block.length))) * r) % p;
  }
  const tag = (acc + le(key.subarray(16, 32))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}
const u64le = (n) => Buffer.from(u64(n)).reverse();
function secretstreamFinal(key, header, text) {
  const streamKey = hchacha20(key, header.subarray(0, 16));
  const nonce = cat([1, 0, 0, 0], header.subarray(16, 24));
  const keystream = (block, bytes) => crypto.createCipheriv('chacha20', streamKey,
    cat([block, 0, 0, 0], nonce)).update(bytes);
  const tagBlock = keystream(1, cat([3], Buffer.alloc(63)));
  const body = keystream(2, text);
  /* libsodium pads after the body by its length alone, counted the other way round. */
  const zeros = Buffer.alloc((16 - 64 + text.length) & 15);
  const mac = poly1305(keystream(0, Buffer.alloc(64)),
    cat(tagBlock, body, zeros, u64le(0), u64le(64 + text.length)));
  return cat(header, tagBlock.subarray(0, 1), body, mac);
}

// ---- X25519 and Ed25519 through DER wrappers
const x25519Private = (b) => crypto.createPrivateKey({
  key: cat(Buffer.from('302e020100300506032b656e04220420', 'hex'), b), format: 'der', type: 'pkcs8' });
const x25519PublicKey = (b) => crypto.createPublicKey({
  key: cat(Buffer.from('302a300506032b656e032100', 'hex'), b), format: 'der', type: 'spki' });
const rawPublic = (key) => crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
const ed25519Private = (seed) => crypto.createPrivateKey({
  key: cat(Buffer.from('302e020100300506032b657004220420', 'hex'), seed), format: 'der', type: 'pkcs8' });

// ---- HPKE, RFC 9180
const labeledExtract = (suite, salt, label, ikm) => hkdfExtract(salt, cat('HPKE-v1', suite, label, ikm));
const labeledExpand = (suite, prk, label, info, n) => hkdfExpand(prk, cat(u16(n), 'HPKE-v1', suite, label, info), n);
const none = Buffer.alloc(0);
function hpkeSeal(ephemeral, recipientPublic, info, psk, pskId, text) {
  const kem = cat('KEM', u16(0x20)), suite = cat('HPKE', u16(0x20), u16(1), u16(3));
  const e = x25519Private(ephemeral), enc = rawPublic(e);
  const dh = crypto.diffieHellman({ privateKey: e, publicKey: x25519PublicKey(recipientPublic) });
  const shared = labeledExpand(kem, labeledExtract(kem, none, 'eae_prk', dh), 'shared_secret',
    cat(enc, recipientPublic), 32);
  const context = cat([psk.length ? 1 : 0], labeledExtract(suite, none, 'psk_id_hash', pskId),
    labeledExtract(suite, none, 'info_hash', info));
  const secret = labeledExtract(suite, shared, 'secret', psk);
  return cat(enc, chacha(labeledExpand(suite, secret, 'key', context, 32),
    labeledExpand(suite, secret, 'base_nonce', context, 12), text, none));
}

// ---- ours
function pad(text) {
  const n = text.length + 1;
  const e = Math.floor(Math.log2(n)), s = Math.floor(Math.log2(e)) + 1;
  const mask = n < 2 ? 0 : 2 ** Math.max(0, e - s) - 1;
  const padme = Math.ceil(n / (mask + 1)) * (mask + 1);
  return cat(text, [0x80], Buffer.alloc(Math.max(padme, PAD_FLOOR) - n));
}
function committed(key, framed, ad, nonce, text) {
  const mac = hmac512(key, framed);
  return cat(mac.subarray(32), nonce, xchacha(mac.subarray(0, 32), nonce, text, ad));
}
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
function codeText(prefix, payload) {
  const size = Math.ceil((payload.length + 2) / 5) * 5;
  const raw = cat(payload, sha256(prefix, payload).subarray(0, size - payload.length));
  let bits = '';
  for (const byte of raw) bits += byte.toString(2).padStart(8, '0');
  const chars = bits.match(/.{5}/g).map((b) => CROCKFORD[parseInt(b, 2)]).join('');
  return chars.match(/.{4}/g).join('-');
}

const lines = [];
function record(name, values) {
  lines.push('', `[${name}]`);
  for (const [k, v] of Object.entries(values)) {
    lines.push(`${k} = ${Buffer.isBuffer(v) ? hex(v) : v}`);
  }
}
lines.push('# Frozen values of every derivation and format in keys/private, from tests/vectors/private.mjs,',
  '# a second implementation. A change here is a change of a format: what was sealed no longer opens.',
  '# The practice id is the bytes 00 to 1f.');

for (const n of [0, 1, 8, 9, 99, 999, 4096, 262144]) {
  record(`pad ${n}`, { size: n, padded: pad(Buffer.alloc(n)).length });
}

const epochKey = seq(0x40, 32), section = seq(0xa0, 16), membership = seq(0xb0, 32);
const place = cat(section, u64(7), membership);
record('epoch commitment', { key: epochKey, section, epoch: 7, membership,
  commitment: hmac512(epochKey, frame('epoch-commitment', practice, place)).subarray(0, 32) });

const recipientSecret = seq(0x11, 32), recipientPublic = rawPublic(x25519Private(recipientSecret));
const ephemeral = seq(0x22, 32), recipientStatement = seq(0x33, 32), senderStatement = seq(0x44, 32);
const psk = seq(0x55, 32), info = frame('seal', practice, place, recipientStatement, senderStatement);
const sealBase = { ephemeral, recipient_secret: recipientSecret, recipient_public: recipientPublic,
  recipient_statement: recipientStatement, sender_statement: senderStatement };
record('seal base', { ...sealBase, sealed: hpkeSeal(ephemeral, recipientPublic, info, none, none, epochKey) });
record('seal psk', { ...sealBase, psk,
  sealed: hpkeSeal(ephemeral, recipientPublic, info, psk, Buffer.from('alcove invitation psk'), epochKey) });

const context = seq(0x01, 100), revisionKey = seq(0x60, 32);
const wrapNonce = seq(0x70, 24), envelopeNonce = seq(0x80, 24);
const text = Buffer.from('She slept through the night for the first time in weeks.');
const framed = frame('envelope', practice, context);
const envelope = committed(revisionKey, framed, framed, envelopeNonce, pad(text));
record('revision', { epoch_key: epochKey, context, revision_key: revisionKey, wrap_nonce: wrapNonce,
  envelope_nonce: envelopeNonce, text: text.toString(),
  wrap: committed(epochKey, frame('wrap', practice, sha256(context)), none, wrapNonce, revisionKey),
  envelope_size: envelope.length, envelope_start: envelope.subarray(0, 128), envelope_sha256: sha256(envelope) });

const secret = seq(0xc0, 32), bundle = seq(0xd0, 32), address = 'practice.example:7443';
const joinPrefix = `ALCOVE1-JOIN:${address}/`;
const fromSecret = (label) => hkdfExpand(hkdfExtract(none, secret), frame(label, practice), 32);
const seed = fromSecret('invitation-seed'), labelNonce = seq(0x90, 24), label = Buffer.from('River Practice, for C1');
record('invitation', { address, secret, bundle,
  code: joinPrefix + codeText(joinPrefix, cat(secret, bundle.subarray(0, 16))),
  seed, public: rawPublic(ed25519Private(seed)), psk: fromSecret('invitation-psk'),
  label: label.toString(),
  sealed_label: cat(labelNonce, xchacha(fromSecret('invitation-bundle'), labelNonce,
    cat(label, [0x80], Buffer.alloc(255 - label.length)), none)) });

// A further device: what both sides compute from the code and from what they say.
const devicePrefix = `ALCOVE1-DEVICE:${address}/`;
const revealed = [seq(0x0a, 16), seq(0x1a, 32), seq(0x2a, 32), seq(0x3a, 32), seq(0x4a, 32), Buffer.from('Laptop')];
const welcome = [seq(0x5a, 16), seq(0x6a, 32), seq(0x7a, 32)];
const commitment = sha256(frame('device-commitment', practice, ...revealed));
const transcript = sha256(frame('device-code', practice, bundle.subarray(0, 16), commitment, ...welcome, ...revealed));
const six = (at) => String(transcript.readBigUInt64BE(at) % 1000000n).padStart(6, '0').replace(/^(...)/, '$1 ');
record('pairing', { secret, bundle, code: devicePrefix + codeText(devicePrefix, cat(secret, bundle.subarray(0, 16))),
  place: fromSecret('device-place').subarray(0, 16), message: fromSecret('device-message'),
  psk: fromSecret('device-handover'), device: revealed[0], content_key: revealed[1], login_key: revealed[2],
  sealing_key: revealed[3], new_nonce: revealed[4], name: 'Laptop', member: welcome[0], identity_key: welcome[1],
  old_nonce: welcome[2], commitment, transcript, new_digits: six(0), old_digits: six(8),
  text: 'a message', sealed: committed(fromSecret('device-message'),
    frame('device-message', practice, [2], u32(3)), frame('device-message', practice, [2], u32(3)), seq(0x29, 24),
    Buffer.from('a message')) });

record('signature', { seed: seq(0x21, 32), body: 'alcove',
  signature: crypto.sign(null, frame('revision', practice, 'alcove'), ed25519Private(seq(0x21, 32))) });

const master = seq(0x31, 32), cacheNonce = seq(0x51, 24);
const cacheKey = hmac512(master, frame('cache', practice, 'notes')).subarray(0, 32);
record('cache', { master, purpose: 'notes', key: cacheKey, record: 'note 1', value: 'a value',
  sealed: cat(cacheNonce, xchacha(cacheKey, cacheNonce, Buffer.from('a value'), Buffer.from('note 1'))) });

const fileText = Buffer.from('a file that belongs to a note');
const attachment = secretstreamFinal(seq(0x61, 32), seq(0x71, 24), fileText);
record('attachment', { key: seq(0x61, 32), file: fileText.toString(), sealed: attachment,
  sha256: sha256(attachment) });

const card = seq(0xe0, 32), member = seq(0x09, 16), signingSeed = seq(0x19, 32);
const sealingPublic = recipientPublic, signingPublic = rawPublic(ed25519Private(signingSeed));
const recoveryFrame = frame('recovery', practice, member, sealingPublic, signingPublic);
record('recovery', { member, sealing_secret: recipientSecret, sealing_public: sealingPublic,
  signing_seed: signingSeed, signing_public: signingPublic,
  card: `ALCOVE1-RECOVERY:${codeText('ALCOVE1-RECOVERY:', card)}`,
  sealed: committed(card, recoveryFrame, recoveryFrame, seq(0x29, 24), cat(recipientSecret, signingSeed)) });

// The file key is Argon2id's, from the reference program:
//   printf %s "correct horse on a staple" | argon2 alcove-test-salt -id -t 3 -k 65536 -p 1 -l 32 -r
const fileKey = Buffer.from('7cd1bde8fc3e888f83cc415000b9b219e9e7bb8cb000a138f0edb5edde114e51', 'hex');
const entry = (tag, value) => cat(u16(tag), u32(value.length), value);
const content = cat(u16(1), entry(1, practice), entry(2, member), entry(3, seq(0x39, 16)),
  entry(4, seq(0x49, 32)), entry(5, seq(0x59, 32)), entry(6, seq(0x69, 32)), entry(7, seq(0x79, 32)),
  entry(8, recipientSecret), entry(9, seq(0x89, 32)), entry(10, master), entry(11, seq(0, 192)),
  entry(12, cat(u64(11), seq(0x99, 32))), entry(13, cat(u64(22), seq(0xa9, 32))),
  entry(14, Buffer.from(address)), entry(15, Buffer.from('alcove.invalid/00')), entry(16, u64(5)),
  entry(17, u32(100)), entry(18, cat(u32(3), u32(65536))), entry(19, cat(member, psk)),
  entry(20, Buffer.from('extra')));
const plain = cat(content, Buffer.alloc(4096 - content.length));
const header = (kind, size) => cat('ALCOVEKF', u16(1), u16(kind), u32(3), u32(65536), u32(1),
  'alcove-test-salt', u32(size + 72));
const fileNonce = seq(0xb9, 24);
function passFile(kind, label, bytes) {
  const head = header(kind, bytes.length), framedHead = frame(label, noPractice, head);
  return cat(head, committed(fileKey, framedHead, framedHead, fileNonce, bytes));
}
const keystore = passFile(1, 'keystore', plain);
record('keystore', { passphrase: 'correct horse on a staple', salt: Buffer.from('alcove-test-salt'),
  file_key: fileKey, nonce: fileNonce, content, content_size: plain.length,
  file_start: keystore.subarray(0, 160), file_size: keystore.length, file_sha256: sha256(keystore) });
record('root key file', { passphrase: 'correct horse on a staple', salt: Buffer.from('alcove-test-salt'),
  nonce: fileNonce, content: signingSeed, file: passFile(2, 'root-key-file', signingSeed) });

process.stdout.write(lines.join('\n') + '\n');
