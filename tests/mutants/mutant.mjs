// Reads mutants: faults that were mended once, and each the test that must notice when it comes back.
//
//   node mutant.mjs names [WORD…]         the files of this folder, or those whose names hold a WORD (* matches all)
//   node mutant.mjs check TREE FILE…      says of each file why it is none, or does not apply any more; exit 1 then
//   node mutant.mjs head FILE             a line for each check, "test REGEX", "script PATH" or "sim SEEDS"; the last says why;
//                                         of one that is planted for the simulator alone "sim STEPS SEEDS", and why
//   node mutant.mjs put TREE FILE         changes the tree as the file says
//   node mutant.mjs same FROM TO          makes the files of TO those of FROM (of a clone git's and new ones), TO/build
//                                         aside; a file that is as it should be keeps its time, any other gets a new one
//   node mutant.mjs targets BUILD         reads names of tests; the files under BUILD that these tests run
//
// A file's form is in tests/README.md.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const here = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname);

function names(words) {
    const all = readdirSync(here).filter((name) => name.endsWith('.mutant')).sort();
    const patterns = words.map((word) => {
        const bare = basename(word).replace(/\.mutant$/, '');
        return new RegExp(bare.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*'));
    });
    return all.filter((name) => words.length === 0 || patterns.some((pattern) => pattern.test(name)));
}

// The lines of one block: old ones begin with - or =, new ones with + or =.
function part(block, signs) {
    return block.lines.filter((line) => signs.includes(line[0])).map((line) => `${line.slice(1)}\n`).join('');
}

function parse(file) {
    const lines = readFileSync(file, 'utf8').split('\n');
    const by = /^(test|script|sim): (\S.*)$/.exec(lines[0] ?? '');
    const why = /^why: (\S.*)$/.exec(lines[1] ?? '');
    if (!by) {
        throw new Error('its first line is not "test: REGEX", "script: PATH" or "sim: STEPS SEEDS"');
    }
    if (!why) {
        throw new Error('its second line is not "why: …"');
    }
    const sim = /^sim: ([1-9][0-9]{0,2})$/.exec(lines[2] ?? '');
    const begin = sim ? 3 : 2;
    const blocks = [];
    for (const [at, line] of lines.slice(begin).entries()) {
        const path = /^--- (\S+)$/.exec(line);
        if (path) {
            blocks.push({ path: path[1], lines: [] });
        } else if (line !== '' && (blocks.length === 0 || !'-+='.includes(line[0]))) {
            throw new Error(`line ${at + begin + 1} begins with none of "--- ", "-", "+", "="`);
        } else if (line !== '') {
            blocks[blocks.length - 1].lines.push(line);
        }
    }
    if (blocks.length === 0) {
        throw new Error('it changes nothing');
    }
    return { by: by[1], what: by[2], sim: sim?.[1], why: why[1], blocks };
}

// The content of each file that a mutant changes, changed.
function changed(tree, mutant) {
    const files = new Map();
    for (const block of mutant.blocks) {
        const old = part(block, '-=');
        if (/^tests\/(?!second_client\/)|^\/|\.\./.test(block.path)) {
            throw new Error(`${block.path} is not the project's product`);
        }
        if (!files.has(block.path)) {
            if (!existsSync(join(tree, block.path))) {
                throw new Error(`does not apply any more: no ${block.path}`);
            }
            files.set(block.path, readFileSync(join(tree, block.path), 'utf8'));
        }
        if (old === '' || old === part(block, '+=')) {
            throw new Error(`a block of ${block.path} has no old lines, or new ones that are the same`);
        }
        const text = `\n${files.get(block.path)}`;
        const at = text.indexOf(`\n${old}`);
        if (at < 0) {
            throw new Error(`does not apply any more: its lines are not in ${block.path}`);
        }
        if (text.indexOf(`\n${old}`, at + 1) >= 0) {
            throw new Error(`does not apply any more: its lines are in ${block.path} more than once`);
        }
        files.set(block.path, text.slice(1, at + 1) + part(block, '+=') + text.slice(at + 1 + old.length));
    }
    return files;
}

function check(tree, files) {
    let bad = 0;
    for (const file of files) {
        try {
            const mutant = parse(file);
            changed(tree, mutant);
            if (mutant.by === 'sim' && !/^[1-9][0-9]* [1-9][0-9]*$/.test(mutant.what)) {
                throw new Error(`${mutant.what} are not steps and seeds`);
            }
            if (mutant.by === 'script' && !existsSync(join(tree, mutant.what))) {
                throw new Error(`there is no ${mutant.what}`);
            }
        } catch (error) {
            console.log(`${basename(file)}: ${error.message}`);
            bad += 1;
        }
    }
    return bad === 0;
}

function put(tree, file) {
    for (const [path, text] of changed(tree, parse(file))) {
        writeFileSync(join(tree, path), text);
    }
}

function list(folder, at = '') {
    return readdirSync(join(folder, at), { withFileTypes: true }).flatMap((entry) => {
        const path = join(at, entry.name);
        if (path === 'build' || path === '.git') {
            return [];
        }
        return entry.isDirectory() ? list(folder, path) : [path];
    });
}

function same(from, to) {
    const git = ['-C', from, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const found = existsSync(join(from, '.git')) ? execFileSync('git', git, { encoding: 'utf8' }).split('\0') : list(from);
    const wanted = new Set(found.filter((path) => path !== '' && existsSync(join(from, path))));
    for (const path of list(to).filter((copy) => !wanted.has(copy))) {
        rmSync(join(to, path));
    }
    for (const path of wanted) {
        const content = readFileSync(join(from, path));
        const copy = join(to, path);
        if (!existsSync(copy) || !readFileSync(copy).equals(content)) {
            mkdirSync(dirname(copy), { recursive: true });
            writeFileSync(copy, content);
            chmodSync(copy, statSync(join(from, path)).mode);
        }
    }
}

// ctest itself does not say what a test runs before that is built.
function targets(build) {
    const wanted = new Set(readFileSync(0, 'utf8').split('\n'));
    const found = new Set();
    for (const file of list(build).filter((path) => basename(path) === 'CTestTestfile.cmake')) {
        for (const [, name, command] of readFileSync(join(build, file), 'utf8')
            .matchAll(/^add_test\((?:\[=*\[)?([^ \]]+)(?:\]=*\])? (.*)\)$/gm)) {
            for (const [, word] of wanted.has(name) ? command.matchAll(/"([^"]*)"/g) : []) {
                if (word.startsWith(`${build}/`)) {
                    found.add(relative(build, word));
                }
            }
        }
    }
    return [...found];
}

const [what, ...words] = process.argv.slice(2);
if (what === 'names') {
    console.log(names(words).map((name) => join(here, name)).join('\n'));
} else if (what === 'check') {
    process.exitCode = check(words[0], words.slice(1)) ? 0 : 1;
} else if (what === 'head') {
    const mutant = parse(words[0]);
    console.log([`${mutant.by} ${mutant.what}`, ...(mutant.sim ? [`sim ${mutant.sim}`] : []), mutant.why].join('\n'));
} else if (what === 'put') {
    put(words[0], words[1]);
} else if (what === 'same') {
    same(words[0], words[1]);
} else if (what === 'targets') {
    console.log(targets(words[0]).join('\n'));
} else {
    console.error('usage: mutant.mjs names|check|head|put|same|targets …');
    process.exitCode = 2;
}
