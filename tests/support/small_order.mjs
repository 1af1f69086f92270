// Points of Ed25519 whose order is 8 or less, in any encoding. Node's verifier takes them as a key or as a signature's R;
// under such a key one signature fits many messages. libsodium refuses them, and so must whoever checks its word.
const P = 2n ** 255n - 19n;
const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const ORDINATES = new Set([0n, 1n, P - 1n, P, P + 1n, EIGHTH, P - EIGHTH]);

export function isSmallOrder(point) {
    const bytes = Buffer.from(point);
    bytes[31] &= 0x7f; // the sign of the other coordinate
    return ORDINATES.has(BigInt(`0x${bytes.reverse().toString('hex')}`));
}
