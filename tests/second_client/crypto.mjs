// Keys and sealed things: PROTOCOL.md section 2 and KEYS.md, on Node's own crypto.
import crypto from 'node:crypto';

import { isSmallOrder } from '../support/small_order.mjs';
import { cat, must, none, same, u16, u64, zeros } from './bytes.mjs';

export const random = (size) => crypto.randomBytes(size);
export const sha256 = (...parts) => crypto.createHash('sha256').update(cat(...parts)).digest();
const hmac = (name, key, bytes) => crypto.createHmac(name, key).update(bytes).digest();

/** |practice| is 32 zero bytes for the genesis. */
export const frame = (label, practice, ...body) => cat([0], label, [0], u16(1), practice, ...body);
export const framed = (label, practice, ...body) => sha256(frame(label, practice, ...body));

// ---- Ed25519 and X25519: raw keys in their DER wrapping

/** Keeps what was made of the same bytes: most of the time goes there when a recording is played often. */
function kept(make) {
    const made = new Map();
    return (oid, raw) => {
        const name = oid + raw.toString('hex');
        if (!made.has(name)) made.set(name, make(oid, raw));
        return made.get(name);
    };
}
const privateKey = kept((oid, seed) => crypto.createPrivateKey({ format: 'der', type: 'pkcs8',
    key: cat(Buffer.from(`302e020100300506032b65${oid}04220420`, 'hex'), seed) }));
const publicKey = kept((oid, raw) => crypto.createPublicKey({ format: 'der', type: 'spki',
    key: cat(Buffer.from(`302a300506032b65${oid}032100`, 'hex'), raw) }));
const rawPublic = (key) => crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
export const ed25519Public = (seed) => rawPublic(privateKey('70', seed));
export const x25519Public = (secret) => rawPublic(privateKey('6e', secret));
export const sign = (seed, bytes) => crypto.sign(null, bytes, privateKey('70', seed));
const held = new Set(); // key, signature and hash of the bytes of each signature that held
export function verify(key, bytes, signature, what) {
    const name = cat(key, signature, sha256(bytes)).toString('hex');
    if (held.has(name)) return;
    must(key.length === 32 && signature.length === 64 && !isSmallOrder(key) && !isSmallOrder(signature.subarray(0, 32)) &&
        crypto.verify(null, bytes, publicKey('70', key), signature), `${what}: the signature does not hold`);
    held.add(name);
}
function x25519(secret, raw) {
    const shared = crypto.diffieHellman({ privateKey: privateKey('6e', secret), publicKey: publicKey('6e', raw) });
    must(!same(shared, zeros(32)), 'an all-zero shared secret');
    return shared;
}

// ---- HKDF-SHA-256 in its two steps, and HPKE (RFC 9180) over them

const extract = (salt, key) => hmac('sha256', salt.length > 0 ? salt : zeros(32), key);
function expand(key, info, size) {
    let out = none, block = none;
    for (let i = 1; out.length < size; i++) {
        block = hmac('sha256', key, cat(block, info, [i]));
        out = cat(out, block);
    }
    return out.subarray(0, size);
}
export const hkdf = (secret, info, size) => expand(extract(none, secret), info, size);

const KEM = cat('KEM', u16(0x20)), SUITE = cat('HPKE', u16(0x20), u16(1), u16(3));
const labeledExtract = (suite, salt, label, key) => extract(salt, cat('HPKE-v1', suite, label, key));
const labeledExpand = (suite, key, label, info, size) => expand(key, cat(u16(size), 'HPKE-v1', suite, label, info), size);

function hpkeKeys(dh, enc, recipient, info, psk) {
    const shared = labeledExpand(KEM, labeledExtract(KEM, none, 'eae_prk', dh), 'shared_secret', cat(enc, recipient), 32);
    const id = psk ? Buffer.from('alcove invitation psk') : none;
    const context = cat([psk ? 1 : 0], labeledExtract(SUITE, none, 'psk_id_hash', id),
        labeledExtract(SUITE, none, 'info_hash', info));
    const secret = labeledExtract(SUITE, shared, 'secret', psk ?? none);
    return [labeledExpand(SUITE, secret, 'key', context, 32), labeledExpand(SUITE, secret, 'base_nonce', context, 12)];
}
/** Gives share (32) and sealed; |psk| null for base mode. */
export function hpkeSeal(ephemeral, recipient, info, psk, text) {
    const enc = x25519Public(ephemeral);
    const [key, nonce] = hpkeKeys(x25519(ephemeral, recipient), enc, recipient, info, psk);
    return [enc, chachaSeal(key, nonce, text, none)];
}
export function hpkeOpen(secret, enc, sealed, info, psk) {
    const [key, nonce] = hpkeKeys(x25519(secret, enc), enc, x25519Public(secret), info, psk);
    return chachaOpen(key, nonce, sealed, none);
}

// ---- ChaCha20-Poly1305, and XChaCha20 (draft-irtf-cfrg-xchacha) over it

function chachaSeal(key, nonce, text, ad) {
    const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
    cipher.setAAD(ad, { plaintextLength: text.length });
    return cat(cipher.update(text), cipher.final(), cipher.getAuthTag());
}
function chachaOpen(key, nonce, sealed, ad) {
    must(sealed.length >= 16, 'sealed bytes are cut off');
    const cipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
    cipher.setAAD(ad, { plaintextLength: sealed.length - 16 });
    cipher.setAuthTag(sealed.subarray(sealed.length - 16));
    const text = cipher.update(sealed.subarray(0, sealed.length - 16));
    try {
        return cat(text, cipher.final());
    } catch {
        must(false, 'sealed bytes do not open');
    }
}

function hchacha20(key, nonce) {
    const words = (bytes) => Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4));
    const s = new Uint32Array([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words(key), ...words(nonce)]);
    const turn = (x, n) => (x << n) | (x >>> (32 - n));
    const quarter = (a, b, c, d) => {
        s[a] += s[b]; s[d] = turn(s[d] ^ s[a], 16);
        s[c] += s[d]; s[b] = turn(s[b] ^ s[c], 12);
        s[a] += s[b]; s[d] = turn(s[d] ^ s[a], 8);
        s[c] += s[d]; s[b] = turn(s[b] ^ s[c], 7);
    };
    for (let i = 0; i < 10; i++) {
        for (const four of [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
            [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]]) quarter(...four);
    }
    const out = Buffer.alloc(32);
    [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, i) => out.writeUInt32LE(s[word], i * 4));
    return out;
}
const inner = (key, nonce) => [hchacha20(key, nonce.subarray(0, 16)), cat(zeros(4), nonce.subarray(16))];
export const xchachaSeal = (key, nonce, text, ad) => chachaSeal(...inner(key, nonce), text, ad);
export const xchachaOpen = (key, nonce, sealed, ad) => chachaOpen(...inner(key, nonce), sealed, ad);

// ---- the committing seal, padding, a revision's text

function committedSeal(key, frameBytes, ad, nonce, text) {
    const mac = hmac('sha512', key, frameBytes);
    return cat(mac.subarray(32), nonce, xchachaSeal(mac.subarray(0, 32), nonce, text, ad));
}
function committedOpen(key, frameBytes, ad, sealed) {
    const mac = hmac('sha512', key, frameBytes);
    must(sealed.length >= 72 && crypto.timingSafeEqual(mac.subarray(32), sealed.subarray(0, 32)), 'another key was committed to');
    return xchachaOpen(mac.subarray(0, 32), sealed.subarray(32, 56), sealed.subarray(56), ad);
}
function paddedSize(size) {
    const n = size + 1;
    if (n < 2) return 3400;
    const e = Math.floor(Math.log2(n)), s = Math.floor(Math.log2(e)) + 1;
    const step = 2 ** Math.max(0, e - s);
    return Math.max(3400, Math.ceil(n / step) * step);
}
export const pad = (text) => cat(text, [0x80], zeros(paddedSize(text.length) - text.length - 1));
function unpad(padded) {
    let end = padded.length;
    while (end > 0 && padded[end - 1] === 0) end--;
    must(end > 0 && padded[end - 1] === 0x80 && paddedSize(end - 1) === padded.length, 'another padding');
    return padded.subarray(0, end - 1);
}
/** |fixed| gives the random values, for recorded ones alone. */
export function sealText(practice, epochKey, context, text, fixed = {}) {
    const { key = random(32), wrapNonce = random(24), nonce = random(24) } = fixed;
    const ad = frame('envelope', practice, context);
    return { envelope: committedSeal(key, ad, ad, nonce, pad(text)),
        wrap: committedSeal(epochKey, frame('wrap', practice, sha256(context)), none, wrapNonce, key) };
}
/** The revision's own key. */
export const openWrap = (practice, epochKey, context, wrap) =>
    committedOpen(epochKey, frame('wrap', practice, sha256(context)), none, wrap);
export function openText(practice, epochKey, context, wrap, envelope) {
    const ad = frame('envelope', practice, context);
    return unpad(committedOpen(openWrap(practice, epochKey, context, wrap), ad, ad, envelope));
}

// ---- epoch keys

const place = (section, epoch, membership) => cat(section, u64(epoch), membership);
export const commitment = (practice, key, section, epoch, membership) =>
    hmac('sha512', key, frame('epoch-commitment', practice, place(section, epoch, membership))).subarray(0, 32);
export const sealInfo = (practice, section, epoch, membership, recipient, sender) =>
    frame('seal', practice, place(section, epoch, membership), recipient, sender);

// ---- codes: Crockford's base32 with a checksum

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export function codeText(prefix, payload) {
    const total = Math.ceil((payload.length + 2) / 5) * 5;
    const raw = cat(payload, sha256(prefix, payload).subarray(0, total - payload.length));
    const bits = [...raw].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    return bits.match(/.{5}/g).map((five) => ALPHABET[parseInt(five, 2)]).join('').match(/.{4}/g).join('-');
}
/** Gives address, secret (32) and the start of the bundle's hash (16) of an invitation's code. */
export function parseInvitation(text) {
    const found = /^(ALCOVE1-JOIN:([^/\s]+)\/)([0-9A-Za-z\s-]+)$/.exec(text.trim());
    must(found, 'this is no code of an invitation');
    const letters = found[3].replace(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
    const bits = [...letters].map((c) => {
        must(ALPHABET.includes(c), 'the code has a character that is none of its own');
        return ALPHABET.indexOf(c).toString(2).padStart(5, '0');
    }).join('');
    must(bits.length === 50 * 8, 'the code is too short or too long');
    const raw = Buffer.from(bits.match(/.{8}/g).map((eight) => parseInt(eight, 2)));
    const payload = raw.subarray(0, 48);
    must(same(sha256(found[1], payload).subarray(0, 2), raw.subarray(48)), 'the code was mistyped');
    return { address: found[2], secret: payload.subarray(0, 32), bundle: payload.subarray(32) };
}
/** What the secret of an invitation gives. */
export const invitationKeys = (practice, secret) => ({
    seed: hkdf(secret, frame('invitation-seed', practice), 32),
    psk: hkdf(secret, frame('invitation-psk', practice), 32),
    label: hkdf(secret, frame('invitation-bundle', practice), 32),
});
