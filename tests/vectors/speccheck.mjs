#!/usr/bin/env node
// Tries the vectors of speccheck.txt on Node's verifier, alone and behind small_order.mjs: the first must do what the file
// says of it, the second what it says of ours.
import { readFileSync } from 'node:fs';
import { createPublicKey, verify } from 'node:crypto';
import { isSmallOrder } from '../support/small_order.mjs';

const text = readFileSync(new URL('speccheck.txt', import.meta.url), 'utf8');
let bad = 0;
let count = 0;
for (const record of text.split(/^\[/m).slice(1)) {
    const name = record.slice(0, record.indexOf(']'));
    const value = (key) => new RegExp(`^${key} = (.*)$`, 'm').exec(record)[1];
    const bytes = (key) => Buffer.from(value(key), 'hex');
    const x = bytes('public').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const taken = verify(null, bytes('message'), key, bytes('signature'));
    const small = isSmallOrder(bytes('public')) || isSmallOrder(bytes('signature').subarray(0, 32));
    for (const [who, says] of [['node', taken], ['ours', taken && !small]]) {
        if ((says ? 'taken' : 'refused') !== value(who)) {
            console.log(`${name}: ${who} is not ${value(who)}`);
            bad += 1;
        }
    }
    count += 1;
}
console.log(`${count} vectors, ${bad} differ`);
process.exitCode = bad === 0 && count === 10 ? 0 : 1;
