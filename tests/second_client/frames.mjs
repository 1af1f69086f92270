// PROTOCOL.md section 1: TLS 1.3, the websocket, packing, frames, and requests over them. Also a
// wire that plays back what another one recorded, so that a verifier can be fed tampered answers.
import crypto from 'node:crypto';
import tls from 'node:tls';

import { Stop, cat, decode, encode, limits, must, none, numbers, same, u16, u32, u64 } from './bytes.mjs';
import { random, sha256 } from './crypto.mjs';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { CONTINUES: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 };
const WAIT_MS = 15000;

/** The TLS connection: its pin, its exporter, and whole frames in both directions. */
class Connection {
    constructor(socket) {
        this.socket = socket;
        this.unread = none;
        this.message = null; // fragments so far
        this.frames = [];
        this.waiting = [];
        this.error = null;
        socket.on('data', (bytes) => this.attempt(() => this.take(bytes)));
        socket.on('error', (error) => this.end(error));
        socket.on('close', () => this.end(new Stop('the server ended the connection')));
    }

    static async open(address) {
        const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
        must(host && port, 'this is no HOST:PORT');
        const socket = tls.connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port), minVersion: 'TLSv1.3',
            maxVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'], rejectUnauthorized: false });
        await new Promise((good, bad) => socket.once('secureConnect', good).once('error', bad));
        must(socket.getProtocol() === 'TLSv1.3', 'not TLS 1.3');
        const key = new crypto.X509Certificate(socket.getPeerCertificate().raw).publicKey;
        const pin = sha256(key.export({ format: 'der', type: 'spki' }));
        const exporter = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', none);
        return { socket, pin, exporter, host: address };
    }

    static async upgrade({ socket, host }) {
        const key = random(16).toString('base64');
        socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: alcove.v1\r\n\r\n`);
        let head = none;
        while (!head.includes('\r\n\r\n')) {
            head = cat(head, await new Promise((good, bad) => socket.once('data', good)
                .once('close', () => bad(new Stop('no answer to the upgrade')))));
        }
        const at = head.indexOf('\r\n\r\n') + 4;
        const lines = head.subarray(0, at).toString().split('\r\n');
        const header = (name) => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
        must(/^HTTP\/1\.1 101 /.test(lines[0]), `the upgrade was refused: ${lines[0]}`);
        must(header('sec-websocket-accept') === crypto.createHash('sha1').update(key + MAGIC).digest('base64') &&
            header('sec-websocket-protocol') === 'alcove.v1' && !header('sec-websocket-extensions'), 'another websocket');
        const connection = new Connection(socket);
        connection.attempt(() => connection.take(head.subarray(at)));
        return connection;
    }

    attempt(step) {
        try {
            step();
        } catch (error) {
            this.end(error);
        }
    }

    end(error) {
        this.error ??= error;
        this.waiting.splice(0).forEach(({ bad }) => bad(this.error));
        this.socket.destroy();
    }

    write(opcode, bytes) {
        const mask = random(4);
        const size = bytes.length < 126 ? [128 | bytes.length] : bytes.length < 65536
            ? cat([128 | 126], u16(bytes.length)) : cat([128 | 127], u64(bytes.length));
        this.socket.write(cat([128 | opcode], size, mask, bytes.map((byte, i) => byte ^ mask[i % 4])));
    }

    take(bytes) {
        this.unread = cat(this.unread, bytes);
        while (this.unread.length >= 2) {
            const [first, second] = this.unread;
            must((first & 0x70) === 0 && second < 128, 'a websocket frame with bits that nobody agreed on');
            let size = second, at = 2;
            if (second >= 126) {
                const more = second === 126 ? 2 : 8;
                if (this.unread.length < 2 + more) return;
                size = second === 126 ? this.unread.readUInt16BE(2) : Number(this.unread.readBigUInt64BE(2));
                at += more;
            }
            must(size <= limits.FRAME_BYTES_MAX + 4, 'a websocket frame is too large');
            if (this.unread.length < at + size) return;
            const payload = this.unread.subarray(at, at + size);
            this.unread = this.unread.subarray(at + size);
            this.websocketFrame(first & 15, first >= 128, payload);
        }
    }

    websocketFrame(opcode, last, payload) {
        if (opcode === OPCODE.PING) return this.write(OPCODE.PONG, payload);
        if (opcode === OPCODE.PONG) return undefined;
        if (opcode === OPCODE.CLOSE) throw new Stop(`closed with ${payload.length >= 2 ? payload.readUInt16BE(0) : 'no code'}`);
        must(opcode === (this.message ? OPCODE.CONTINUES : OPCODE.BINARY), 'a message that is not binary');
        this.message = cat(this.message ?? none, payload);
        must(this.message.length <= limits.FRAME_BYTES_MAX + 4, 'a message is too large');
        if (!last) return undefined;
        let rest = this.message;
        this.message = null;
        must(rest.length > 0, 'an empty message');
        while (rest.length > 0) {
            const size = rest.length < 4 ? 0 : rest.readUInt32BE(0);
            must(size > 0 && size <= rest.length - 4, 'a message that is not whole frames');
            this.give(decode('Frame', rest.subarray(4, 4 + size)));
            rest = rest.subarray(4 + size);
        }
        return undefined;
    }

    give(frame) {
        if (frame.kind === numbers.FRAME_PUSH) return; // proves nothing, and this client asks anyway
        const next = this.waiting.shift();
        if (next) next.good(frame);
        else this.frames.push(frame);
    }

    async next() {
        if (this.frames.length > 0) return this.frames.shift();
        if (this.error) throw this.error;
        let timer;
        const late = new Promise((_, bad) => { timer = setTimeout(() => bad(new Stop('no answer in time')), WAIT_MS); });
        const frame = new Promise((good, bad) => this.waiting.push({ good, bad }));
        return Promise.race([frame, late]).finally(() => clearTimeout(timer));
    }

    send(frame) {
        const bytes = encode('Frame', frame);
        this.write(OPCODE.BINARY, cat(u32(bytes.length), bytes));
    }
}

/** The bodies of a page's CHUNK frames. A stopped stream's last piece stands for itself (5.3). */
function joinPieces(pieces) {
    const whole = cat(...pieces);
    try {
        return decode('PageChunk', whole);
    } catch (error) {
        if (pieces.length === 1) throw error;
        const last = decode('PageChunk', pieces.at(-1));
        must(last.status !== 0 && last.entry.length === 0, 'a chunk that is none');
        return last;
    }
}

/** A connection to a server: requests and their answers, in order. |tape| records them. */
export class Wire {
    static async open(address) {
        const wire = new Wire();
        const opened = await Connection.open(address);
        Object.assign(wire, { pin: opened.pin, exporter: opened.exporter, tape: [] });
        // Whoever pins looks at the certificate before anything is sent.
        wire.greet = async () => {
            wire.connection = await Connection.upgrade(opened);
            const frame = await wire.connection.next();
            must(frame.kind === numbers.FRAME_HELLO && frame.request_id.length === 0, 'no greeting');
            return frame.body;
        };
        wire.close = () => opened.socket.destroy();
        return wire;
    }

    async login(body) {
        this.connection.send({ kind: numbers.FRAME_LOGIN, body });
        const frame = await this.connection.next();
        must(frame.kind === numbers.FRAME_LOGIN_REPLY, 'no answer to the login');
        return { status: frame.code, body: frame.body };
    }

    /** Gives {status, body, chunks}: chunks of a page, decoded. */
    async ask(op, body) {
        const id = random(16);
        this.connection.send({ kind: numbers.FRAME_REQUEST, request_id: id, code: op, body });
        const next = async (kind) => {
            const frame = await this.connection.next();
            must(frame.kind === kind && same(frame.request_id, id), 'an answer to something else');
            return frame;
        };
        const reply = await next(numbers.FRAME_REPLY);
        const answer = { status: reply.code, body: reply.body, chunks: [] };
        if (op === numbers.OP_PAGE && reply.code === 0) {
            const { from, to } = decode('PageReply', reply.body);
            for (let done = to < from; !done;) {
                const pieces = [];
                let frame;
                do {
                    frame = await next(numbers.FRAME_CHUNK);
                    pieces.push(frame.body);
                    must(cat(...pieces).length <= limits.PAGE_CHUNK_BYTES_MAX, 'a chunk is too large');
                } while (frame.code === 1);
                const chunk = joinPieces(pieces);
                answer.chunks.push(chunk);
                done = chunk.last;
            }
        }
        this.tape.push({ op, asked: body, ...answer });
        return answer;
    }
}

/** The tape has no answer to this: nothing was noticed, and the client asks for something else. */
export class OffTape extends Error {}

/** Plays a tape: the same asks in the same order get the same answers. */
export class Playback {
    constructor(tape) {
        this.tape = tape;
        this.at = 0;
    }

    async ask(op, body) {
        const next = this.tape[this.at++];
        if (!next || next.op !== op || !same(next.asked, body)) throw new OffTape('the tape has another request here');
        return next;
    }
}
