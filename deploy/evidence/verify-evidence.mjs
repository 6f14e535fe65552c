#!/usr/bin/env node
// Checks an evidence pack of Mailwarden, with nothing but Node and this file: no network, no server, no package.
//
//   node verify-evidence.mjs PACK [--trust trust.json] [--checkpoint KEPT] [--json]
//
//   --trust       the public keys of the services as you know them; without it a pack is checked by its own keys, which only proves that it is of one piece
//   --checkpoint  what you kept of the ledger from before: a checkpoint, the event that told of one, a witness's file, or a time-stamp token
//
// Exit code: 0 it holds, 1 it does not, 2 it could not be checked. What is wrong is named by its line, the first thing first.
//
// It was written apart from the program that makes packs and shares no code with it, so that a mistake of one is not a mistake of both.
// How to read it: 1 reads lines, 2 is canonical JSON (RFC 8785), 3 the Merkle tree (RFC 9162), 4 signatures (ed25519), 5 the forms of lines,
// 6 what somebody kept from before, 7 a pack about a period, 8 a pack about an agreement, 9 puts it together.
import { createHash, createPublicKey, verify as verifyEd25519 } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';

// ---------------------------------------------------------------- 1. lines of a file

const LINE_MAX = 1_500_000;
const BLOCK = 1 << 20;

/** Lines as bytes, without their end; a line that is longer than any line of a pack may be ends the reading. */
function* linesOf(path) {
  const file = openSync(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    for (;;) {
      const block = Buffer.allocUnsafe(BLOCK);
      const length = readSync(file, block, 0, BLOCK, null);
      if (length === 0) break;
      const bytes = Buffer.concat([rest, block.subarray(0, length)]);
      let from = 0;
      for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
        yield bytes.subarray(from, to);
        from = to + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > LINE_MAX) break;
    }
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(file);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value of a line; undefined for what is none. */
function jsonOf(bytes) {
  if (bytes.length > LINE_MAX) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- 2. the one text of a JSON value

/** RFC 8785: members in the order of their names' UTF-16 units, no white space, numbers and texts as ECMAScript writes them. Throws for what has no such text. */
function canonical(value, depth = 0) {
  if (depth > 64) throw new Error('nested too deeply');
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new Error('a number without end');
      return JSON.stringify(value);
    case 'string':
      if (!value.isWellFormed()) throw new Error('half of a character');
      return JSON.stringify(value);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    let text = '[';
    for (let place = 0; place < value.length; place += 1) text += (place === 0 ? '' : ',') + canonical(value[place], depth + 1);
    return text + ']';
  }
  let text = '{';
  for (const name of Object.keys(value).sort()) text += (text === '{' ? '' : ',') + canonical(name) + ':' + canonical(value[name], depth + 1);
  return text + '}';
}

/** The canonical text, or null. */
function canonicalOrNull(value) {
  try {
    return canonical(value);
  } catch {
    return null;
  }
}

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const sha256Hex = (...parts) => sha256(...parts).toString('hex');

// ---------------------------------------------------------------- 3. the Merkle tree

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const leafHash = (text) => sha256(LEAF, text);
const nodeHash = (left, right) => sha256(NODE, left, right);
const bytesOf = (hex) => Buffer.from(hex, 'hex');

/** Sizes of the whole subtrees that stand side by side over the leaves `from` to `to`: each as large as its place and the rest allow. */
function blocks(from, to) {
  const sizes = [];
  while (from < to) {
    let size = 1;
    while (from % (size * 2) === 0 && from + size * 2 <= to) size *= 2;
    sizes.push(size);
    from += size;
  }
  return sizes;
}

/** A tree that only knows its whole subtrees, largest first; that is enough to grow it and to tell its root. */
class Tree {
  size = 0;
  parts = [];

  push(size, hash) {
    this.size += size;
    while (this.parts.length > 0 && this.parts[this.parts.length - 1].size === size) {
      hash = nodeHash(this.parts.pop().hash, hash);
      size *= 2;
    }
    this.parts.push({ size, hash });
  }

  /** Adds the leaves up to `to` by the hashes of their subtrees; false where these are not as many. */
  pushBlocks(to, hashes) {
    const sizes = blocks(this.size, to);
    if (sizes.length !== hashes.length) return false;
    sizes.forEach((size, place) => this.push(size, bytesOf(hashes[place])));
    return true;
  }

  root() {
    if (this.parts.length === 0) return sha256Hex();
    return this.parts.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right)).toString('hex');
  }
}

/** RFC 9162, 2.1.3.2: that a leaf stands at its place in a tree of this size and root. */
function isIncluded(leaf, index, size, proof, root) {
  if (index >= size) return false;
  let [place, last, hash] = [index, size - 1, leaf];
  for (const step of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(bytesOf(step), hash);
      while (place % 2 === 0 && place > 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, bytesOf(step));
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.toString('hex') === root;
}

/** RFC 9162, 2.1.4.2: that the tree of the newer root begins with the one of the older. */
function isContinued(older, newer, proof) {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.rootHash === newer.rootHash;
  if (older.size === 0) return proof.length === 0;
  const steps = proof.map(bytesOf);
  let [place, last] = [older.size - 1, newer.size - 1];
  while (place % 2 === 1) [place, last] = [(place - 1) / 2, Math.floor(last / 2)];
  // A tree that is one whole subtree of the newer is where the way begins; its hash is then not told.
  const begin = place === 0 ? bytesOf(older.rootHash) : steps.shift();
  if (begin === undefined) return false;
  let [old, young] = [begin, begin];
  for (const step of steps) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      old = nodeHash(step, old);
      young = nodeHash(step, young);
      while (place % 2 === 0 && place > 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else young = nodeHash(young, step);
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.toString('hex') === older.rootHash && young.toString('hex') === newer.rootHash;
}

// ---------------------------------------------------------------- 4. signatures

const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Each kind of document is signed together with its name and a NUL, so that one never passes for another. */
function isSigned(publicKey, kind, value, signature) {
  const text = canonicalOrNull(value);
  if (text === null || typeof signature !== 'string') return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([ED25519, Buffer.from(publicKey, 'base64url')]), format: 'der', type: 'spki' });
    return verifyEd25519(null, Buffer.from(`mailwarden/${kind}/v1\0${text}`), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

const keyId = (publicKey) => sha256Hex(Buffer.from(publicKey, 'base64url')).slice(0, 16);
const isHead = (anchors, head) => isSigned(anchors.reporting, 'checkpoint', head.payload, head.signature);

// ---------------------------------------------------------------- 5. the forms of lines

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const matches = (pattern) => (value) => typeof value === 'string' && pattern.test(value);
const text = (max, min = 0) => (value) => typeof value === 'string' && value.length >= min && value.length <= max;
const word = (...words) => (value) => words.includes(value);
const orNull = (form) => (value) => value === null || form(value);
const orAbsent = (form) => (value) => value === undefined || form(value);
const listOf = (form, max, min = 0) => (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(form);
const form = (members) => (value) => isObject(value) && Object.entries(members).every(([name, has]) => has(value[name]));
const anything = () => true;

const count = (value) => Number.isSafeInteger(value) && value >= 0;
const hash = matches(/^[0-9a-f]{64}$/);
const id = matches(/^[0-9a-f]{16}$/);
const name = matches(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const label = matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/);
const publicKey = matches(/^[A-Za-z0-9_-]{43}$/);
const uuid = matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const isTime = matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const time = (value) => isTime(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value;

const anchors = form({ schema: word('mailwarden/trust/v1'), reporting: publicKey, rotation: publicKey, consent: publicKey });
const head = form({ payload: form({ schema: word('mailwarden/checkpoint/v1'), size: count, rootHash: hash, at: time }), keyId: id, signature: text(100) });
const leaf = form({ index: count, inclusion: listOf(hash, 64), document: anything });
const since = orAbsent(form({ size: count, proof: listOf(hash, 64) }));
const scope = (value) => form({ kind: word('organisation') })(value) || form({ kind: word('group'), label, value: label })(value) || form({ kind: word('server'), server: name })(value);
const labels = (value) => isObject(value) && Object.entries(value).every(([key, of]) => label(key) && label(of));
const membership = form({ schema: word('mailwarden/membership/v1'), server: name, labels, profiles: listOf(name, 20, 1), agentKey: publicKey, executorKey: publicKey, status: word('active', 'revoked'), since: time });
const decision = form({
  id: uuid, agreement: name, textSha256: orNull(hash), action: word('grant', 'decline', 'withdraw'), scope, decidedBy: text(120, 1), onBehalfOf: text(200, 1), means: word('console', 'command-line', 'imported-document'),
  reason: text(500), decidedAt: time, recordedAt: time, validUntil: orNull(time), region: orNull(text(60)), documentSha256: orAbsent(orNull(hash)), confirmedBy: orAbsent(text(120, 1)),
});
const agreementText = form({ agreement: name, textSha256: hash, label: text(100, 1), language: text(20, 2), effectiveAt: orNull(time), seenAt: time, origin: orAbsent(word('imported', 'seen')), text: orNull(text(150_000)) });

const AGREEMENT = 'mailwarden/evidence-pack/v1';
const PERIOD = 'mailwarden/evidence-period/v1';
const FORMS = new Map([
  ['manifest', (line) => (line.schema === PERIOD ? form({ at: time, from: time, to: time, server: orNull(name), anchors, first: orNull(head), last: head, frontier: listOf(hash, 64), since })(line) : form({ schema: word(AGREEMENT), at: time, agreement: name, title: text(200), anchors, checkpoint: orNull(head), since })(line))],
  ['text', form({ text: agreementText })],
  ['decision', form({ decision, leaf: orNull(leaf) })],
  ['server', form({ membership: form({ payload: membership, keyId: id, signature: text(100) }), attestation: orNull(leaf) })],
  ['member', form({ leaf })],
  ['entry', form({ index: count, hash, document: anything })],
  ['others', form({ from: count, to: count, hashes: listOf(hash, 128, 1) })],
  ['checkpoint', form({ checkpoint: head })],
  ['end', form({ lines: count, sha256: hash, keyId: id, signature: text(100) })],
]);
const isLine = (value) => isObject(value) && (FORMS.get(value.line)?.(value) ?? false);

// ---------------------------------------------------------------- 6. what somebody kept from before

/** A head as it was signed, or as the event `ledger.checkpoint` told of it; null for anything else. */
function headFrom(value) {
  if (head(value)) return { payload: value.payload, keyId: value.keyId, signature: value.signature };
  const told = isObject(value) && isObject(value.data) && isObject(value.data.detail) ? value.data : value;
  if (!isObject(told) || !isObject(told.detail)) return null;
  const { size, rootHash, keyId, signature } = told.detail;
  const rebuilt = { payload: { schema: 'mailwarden/checkpoint/v1', size, rootHash, at: told.at }, keyId, signature };
  return head(rebuilt) ? rebuilt : null;
}

/** One element of DER: its tag, its content, and what comes after it. Throws where it is cut. */
function element(bytes) {
  let [length, from] = [bytes[1], 2];
  if (length > 128 && length <= 132) [length, from] = [bytes.readUIntBE(2, bytes[1] - 128), 2 + bytes[1] - 128];
  if (length === undefined || length === 128 || from + length > bytes.length) throw new Error('cut');
  return { tag: bytes[0], content: bytes.subarray(from, from + length), rest: bytes.subarray(from + length) };
}

/** What a time-stamp token (RFC 3161) says: the SHA-256 that was stamped, and when. Null for anything else. That the authority signed it is for `openssl ts -verify`. */
function stampFrom(bytes) {
  const contentType = Buffer.from('060b2a864886f70d0109100104', 'hex');
  const at = bytes.indexOf(contentType);
  if (at < 0) return null;
  try {
    const info = element(element(element(bytes.subarray(at + contentType.length)).content).content).content;
    const version = element(info);
    const policy = element(version.rest);
    const imprint = element(policy.rest);
    const algorithm = element(imprint.content);
    if (algorithm.content.subarray(0, 11).toString('hex') !== '0609608648016503040201') return null;
    const serial = element(imprint.rest);
    return { imprint: element(algorithm.rest).content.toString('hex'), at: element(serial.rest).content.toString('latin1') };
  } catch {
    return null;
  }
}

/** Reads a file that somebody kept. Null where it is none of what it may be. */
export function keptFrom(bytes) {
  const stamp = bytes[0] === 0x30 ? stampFrom(bytes) : null;
  if (stamp !== null) return { heads: [], stamps: [stamp] };
  const whole = headFrom(jsonOf(bytes));
  if (whole !== null) return { heads: [whole], stamps: [] };
  const heads = [];
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line.trim() === '') continue;
    const value = jsonOf(Buffer.from(line));
    const found = headFrom(value);
    // A line that a crash cut short, or whose token is of another head, is passed over.
    if (found === null || (value.token !== undefined && stampFrom(Buffer.from(String(value.token), 'base64'))?.imprint !== sha256Hex(canonical(found)))) continue;
    heads.push(found);
  }
  return heads.length === 0 ? null : { heads, stamps: [] };
}

/** Holds what was kept against the roots that a pack has at each size. */
class KeptHeads {
  continues = null;

  constructor(kept, report) {
    this.report = report;
    this.heads = kept.heads.toSorted((one, other) => one.payload.size - other.payload.size).map((kept) => ({ kept, isSettled: false }));
    this.stamps = kept.stamps.map((stamp) => ({ ...stamp, isFound: false }));
  }

  areOf(anchors) {
    const areSigned = this.heads.every(({ kept }) => isHead(anchors, kept));
    if (!areSigned) this.report.problem('wrong-checkpoint', 'the checkpoint that you gave is not signed by the reporting service of this pack');
    return areSigned;
  }

  settle(one, holds) {
    one.isSettled = true;
    const { size } = one.kept.payload;
    if (!holds) this.report.problem('wrong-checkpoint', `the ledger was rewritten: it does not go on from the ${size} entries of the checkpoint that you gave`);
    else this.continues = Math.min(this.continues ?? size, size);
  }

  /** `rootOf` is only asked where somebody kept a head of this size. */
  reached(size, rootOf) {
    for (const one of this.heads) if (!one.isSettled && one.kept.payload.size === size) this.settle(one, one.kept.payload.rootHash === rootOf());
  }

  seen(signedHead) {
    if (this.stamps.length === 0) return;
    const imprint = sha256Hex(canonicalOrNull(signedHead) ?? '');
    for (const stamp of this.stamps) if (stamp.imprint === imprint) stamp.isFound = true;
  }

  /** A proof from outside of the pack to the head that it begins or ends with. */
  bridged(since, to) {
    for (const one of this.heads) {
      if (since === undefined || one.isSettled || one.kept.payload.size !== since.size) continue;
      const [older, newer] = since.size <= to.size ? [one.kept.payload, to] : [to, one.kept.payload];
      this.settle(one, isContinued(older, newer, since.proof));
    }
  }

  end(newest) {
    const open = this.heads.filter(({ isSettled }) => !isSettled);
    if (open.length > 0 && open.length === this.heads.length) {
      const { size } = open[0].kept.payload;
      this.report.problem('wrong-checkpoint', size > newest ? `the ledger had ${size} entries when yours was signed, and has ${newest} here` : `the pack does not show that its ledger goes on from the ${size} entries of yours; export it with that checkpoint`);
    } else if (open.length > 0) this.report.note(`${open.length} of your ${this.heads.length} checkpoints are of other times than the pack`);
    if (this.stamps.some(({ isFound }) => !isFound)) this.report.problem('wrong-checkpoint', 'no checkpoint of the pack is the one that was stamped');
  }
}

// ---------------------------------------------------------------- 7. a pack about a period

const SERVICES = ['reporting', 'rotation', 'consent'];
const string = (value) => (typeof value === 'string' ? value : '');
const fields = (value) => (isObject(value) ? value : {});

/** What an entry of the ledger is, by its form: who would have to have signed it, of what kind it is, and which server it is about. Null for what is no document. */
function statementOf(document) {
  if (!isObject(document)) return null;
  const isMessage = document.specversion !== undefined;
  const isReceipt = !isMessage && fields(document.payload).schema === 'mailwarden/receipt/v1';
  const data = isMessage ? fields(document.data) : isReceipt ? document.payload : document;
  const kinds = { 'mailwarden/evidence/v1': string(data.kind) || 'other', 'mailwarden/attestation/v1': 'attestation', 'mailwarden/receipt/v1': 'receipt' };
  const kind = isMessage && document.type === 'mailwarden.rotation.carried-out.v1' ? 'receipt' : Object.hasOwn(kinds, string(data.schema)) ? kinds[data.schema] : 'other';
  const facts = fields(data.facts);
  const about = kind === 'receipt' || kind === 'attestation' ? string(data.server) : kind === 'membership' ? string(data.id) : typeof facts.server === 'string' ? facts.server : (/^server\.(.+)$/.exec(string(facts.scope))?.[1] ?? '');
  if (isReceipt) return { kind, data, by: `executor/${about}`, at: string(data.finishedAt), server: about || null, isKept: false, isReceipt };
  if (!isMessage) return { kind, data, by: kind === 'attestation' ? `agent/${string(data.server)}` : string(data.service), at: string(data.at) || string(data.appliedAt), server: about || null, isKept: true };
  const by = string(document.source).replace(/^mailwarden\//, '');
  return { kind, data, by, at: string(document.time), server: /^agent\/(.+)$/.exec(by)?.[1] ?? (about || null), isKept: false };
}

/** The keys of servers as the ledger's memberships have them. A key that was replaced still counts for what was said before; one that was revoked counts for nothing that comes after. */
class Keys {
  held = new Map();

  learn({ id, at, facts }) {
    if (typeof id !== 'string' || typeof at !== 'string' || !isObject(facts) || !publicKey(facts.agentkey) || !publicKey(facts.executorkey)) return false;
    for (const [who, key] of [[`agent/${id}`, facts.agentkey], [`executor/${id}`, facts.executorkey]]) {
      const keys = this.held.get(who) ?? [];
      const isNew = facts.status === 'revoked' || keys.at(-1)?.key !== key || keys.at(-1).until !== null;
      if (isNew) for (const former of keys) former.until ??= at;
      if (facts.status === 'revoked') this.held.set(who, facts.cause === 'revoked' ? [] : keys);
      else if (isNew) this.held.set(who, [...keys.filter((former) => former.key !== key), { key, until: null }]);
    }
    return true;
  }

  of(who, at) {
    return (this.held.get(who) ?? []).filter(({ until }) => until === null || at <= until).map(({ key }) => key);
  }
}

class Period {
  tree = new Tree();
  keys = new Keys();
  orders = new Map();
  checkedTo = 0;
  isWhole = true;
  told = { entries: 0, hidden: 0, signed: 0 };

  constructor(manifest, kept, report) {
    Object.assign(this, { manifest, kept, report });
    const { anchors, first, last, frontier, from, to, since } = manifest;
    if (to <= from) report.problem('wrong-period', 'it ends before it begins');
    const unsigned = !isHead(anchors, last) ? 'last' : first !== null && !isHead(anchors, first) ? 'first' : null;
    if (unsigned !== null) report.problem('wrong-checkpoint', `the signature of the ${unsigned} checkpoint is not of the reporting service`);
    if (!this.tree.pushBlocks(first?.payload.size ?? 0, frontier) || (first !== null && this.tree.root() !== first.payload.rootHash)) {
      report.problem('wrong-checkpoint', 'the ledger before the period is not the one of the first checkpoint');
      this.isWhole = false;
    }
    this.checkedTo = this.tree.size;
    if (first !== null && first.payload.at > from) report.problem('wrong-period', `its first checkpoint is of ${first.payload.at}: what the ledger took in between ${from} and then may be missing`);
    if (last.payload.at < to) report.note(`the ledger was signed last at ${last.payload.at}: what it took in later is not in the pack`);
    if (!kept.areOf(anchors)) return;
    for (const signedHead of first === null ? [last] : [first, last]) {
      kept.seen(signedHead);
      kept.reached(signedHead.payload.size, () => signedHead.payload.rootHash);
    }
    kept.bridged(since, since !== undefined && since.size > last.payload.size ? last.payload : (first ?? last).payload);
  }

  line(line) {
    if (line.line === 'member') this.member(line.leaf);
    else if (line.line === 'entry') this.entry(line);
    else if (line.line === 'others') this.others(line);
    else if (line.line === 'checkpoint') this.head(line.checkpoint);
    else this.report.problem('bad-line', `a pack about a period has no line of the kind ${line.line}`);
  }

  member({ index, inclusion, document }) {
    const { first } = this.manifest;
    const text = canonicalOrNull(document);
    if (first === null || text === null || !isIncluded(leafHash(text), index, first.payload.size, inclusion, first.payload.rootHash)) return this.report.problem('wrong-membership', `the ledger does not have this membership as its entry ${index}`);
    const statement = statementOf(document);
    if (statement?.kind !== 'membership' || !statement.isKept || statement.by !== 'reporting' || !this.keys.learn(statement.data)) this.report.problem('wrong-membership', `entry ${index} of the ledger is no membership`);
  }

  /** Each line begins where the one before it ended. */
  place(index) {
    const expected = this.tree.size;
    if (!this.isWhole || index === expected) return;
    this.isWhole = false;
    this.report.problem('not-complete', index > expected ? `entries ${expected} to ${index - 1} are missing` : `entry ${index} is there twice, or in another place`);
  }

  reached() {
    if (this.isWhole) this.kept.reached(this.tree.size, () => this.tree.root());
  }

  entry({ index, hash, document }) {
    const { report, manifest } = this;
    this.place(index);
    this.told.entries += 1;
    const text = canonicalOrNull(document);
    if (text === null || leafHash(text).toString('hex') !== hash) report.problem('wrong-leaf', `entry ${index} is not as the ledger took it in`);
    this.tree.push(1, bytesOf(hash));
    this.reached();
    const statement = statementOf(document);
    if (statement === null) return report.problem('wrong-leaf', `entry ${index} is no document`);
    if (manifest.server !== null && statement.server !== null && statement.server !== manifest.server) report.problem('wrong-server', `entry ${index} is about ${statement.server}, and the pack is about ${manifest.server}`);
    const isOwnWord = statement.isKept && statement.by === 'reporting';
    if (!statement.isKept) this.signature(index, document, statement);
    else if (!isOwnWord) report.note('entries of the ledger that an earlier version made do not have the signature of who sent them');
    if (statement.kind === 'membership' && isOwnWord && !this.keys.learn(statement.data)) report.problem('wrong-membership', `entry ${index} is a membership that names no keys`);
    this.order(index, statement);
  }

  signature(index, { signature, ...unsigned }, { by, at, isReceipt }) {
    this.told.signed += 1;
    const keys = SERVICES.includes(by) ? [this.manifest.anchors[by]] : this.keys.of(by, at);
    if (keys.length === 0) this.report.problem('wrong-signature', `entry ${index}: no membership of the pack names a key of ${by}`);
    else if (!keys.some((key) => (isReceipt ? isSigned(key, 'receipt', unsigned.payload, signature) : isSigned(key, 'envelope', unsigned, signature)))) this.report.problem('wrong-signature', `entry ${index}: the signature is not of ${by}`);
  }

  /** A receipt tells of the server, the store and the policy of its order. A bounded number of orders is remembered. */
  order(index, { kind, data }) {
    if (kind === 'order' && this.orders.size < 100_000) this.orders.set(data.id, fields(data.facts));
    const ordered = kind === 'receipt' ? this.orders.get(data.order) : undefined;
    if (ordered === undefined) return;
    this.orders.delete(data.order);
    const odd = ['server', 'store', 'policy'].find((what) => ordered[what] !== data[what]);
    if (odd !== undefined) this.report.problem('wrong-receipt', `entry ${index}: it tells of the ${odd} ${data[odd]}, and order ${data.order} was for ${ordered[odd]}`);
  }

  others({ from, to, hashes }) {
    if (this.manifest.server === null) this.report.problem('not-complete', `the entries from ${from} to ${to - 1} are not told, and the pack is about the whole fleet`);
    this.place(from);
    if (to <= from || !this.tree.pushBlocks(to, hashes)) {
      if (this.isWhole) this.report.problem('bad-line', `entries ${from} to ${to - 1} cannot stand for so many hashes`);
      this.isWhole = false;
      return;
    }
    this.told.hidden += to - from;
    this.reached();
  }

  head(signedHead) {
    const { size, rootHash } = signedHead.payload;
    if (!isHead(this.manifest.anchors, signedHead)) return this.report.problem('wrong-checkpoint', `the signature of the checkpoint of ${size} entries is not of the reporting service`);
    if (!this.isWhole) return;
    if (size !== this.tree.size) return this.report.problem('wrong-checkpoint', `a checkpoint of ${size} entries stands after ${this.tree.size} of them`);
    this.root(size, rootHash);
    if (this.isWhole) this.kept.seen(signedHead);
  }

  root(size, rootHash) {
    if (this.tree.root() !== rootHash) {
      this.isWhole = false;
      this.report.problem('wrong-checkpoint', `the ledger had other entries: something from ${this.checkedTo} to ${size - 1} is not as it was signed`);
    } else this.checkedTo = size;
  }

  end() {
    const { size, rootHash } = this.manifest.last.payload;
    this.kept.end(size);
    if (!this.isWhole) return;
    if (this.tree.size < size) this.report.problem('not-complete', `the entries from ${this.tree.size} to ${size - 1} are missing`);
    else if (this.tree.size > size) this.report.problem('not-complete', `its last checkpoint is of ${size} entries, and it goes on to ${this.tree.size}`);
    else this.root(size, rootHash);
  }

  summary() {
    const { from, to, server, last } = this.manifest;
    return `evidence of ${server ?? 'the whole fleet'} from ${from} to ${to}: ${this.told.entries} entries, ${this.told.signed} of them signed by who sent them, ${this.told.hidden} of others; ledger of ${last.payload.size} entries, signed at ${last.payload.at}`;
  }
}

// ---------------------------------------------------------------- 8. a pack about an agreement

class Agreement {
  texts = new Set();
  servers = new Set();
  decisions = [];
  head = null;

  constructor(manifest, kept, report) {
    Object.assign(this, { manifest, kept, report });
    const { anchors, checkpoint, since } = manifest;
    if (checkpoint === null) {
      if (kept.heads.length + kept.stamps.length > 0) report.problem('wrong-checkpoint', 'its ledger was never signed, and you have a signed checkpoint of it');
      else report.note('the ledger was not signed yet when it was made: nothing of it is proved');
      return;
    }
    if (!isHead(anchors, checkpoint)) return report.problem('wrong-checkpoint', 'the signature of the checkpoint is not of the reporting service');
    this.head = checkpoint.payload;
    if (!kept.areOf(anchors)) return;
    kept.seen(checkpoint);
    kept.reached(this.head.size, () => this.head.rootHash);
    kept.bridged(since, this.head);
    kept.end(this.head.size);
  }

  line(line) {
    if (line.line === 'text') this.text(line.text);
    else if (line.line === 'decision') this.decision(line);
    else if (line.line === 'server') this.server(line);
    else this.report.problem('bad-line', `a pack about an agreement has no line of the kind ${line.line}`);
  }

  text({ agreement, text, textSha256 }) {
    if (agreement !== this.manifest.agreement) return this.report.problem('wrong-text', `it is a text of ${agreement}`);
    if (text !== null && sha256Hex(text) !== textSha256) return this.report.problem('wrong-text', `its words do not have the hash ${textSha256}`);
    this.texts.add(textSha256);
  }

  /** What a leaf says, once the ledger has it at its place and its author signed it. Undefined, and reported, where not. */
  leaf(what, { index, inclusion, document }, source, key) {
    const wrong = (code, message) => void this.report.problem(code, `${what}: ${message}`);
    if (!isObject(document)) return wrong('wrong-leaf', 'its entry of the ledger is no document');
    const text = canonicalOrNull(document);
    if (text === null || !isIncluded(leafHash(text), index, this.head.size, inclusion, this.head.rootHash)) return wrong('wrong-leaf', `the ledger does not have this as its entry ${index}`);
    if (document.specversion === undefined) {
      this.report.note('entries of the ledger that an earlier version made do not have the signature of who sent them');
      return document;
    }
    const { signature, ...unsigned } = document;
    if (document.source !== source) return wrong('wrong-signature', `it is of ${document.source}, and would have to be of ${source}`);
    if (!isSigned(key, 'envelope', unsigned, signature)) return wrong('wrong-signature', `the signature is not of ${source}`);
    return isObject(document.data) ? document.data : wrong('wrong-leaf', 'its entry of the ledger says nothing');
  }

  decision({ decision, leaf }) {
    const { report, manifest } = this;
    const { scope, id } = decision;
    const dotless = (part) => part.replaceAll('.', '_2E');
    const reach = { id, scope: scope.kind === 'organisation' ? 'organisation' : scope.kind === 'server' ? `server.${scope.server}` : `group.${dotless(scope.label)}=${dotless(scope.value)}`, revision: null, servers: 0, applied: 0 };
    if (decision.agreement !== manifest.agreement) return report.problem('wrong-decision', `decision ${id} is on ${decision.agreement}`);
    if (decision.textSha256 !== null && !this.texts.has(decision.textSha256)) report.note(`the text ${decision.textSha256} of decision ${id} is not in the pack`);
    if (leaf === null || this.head === null) {
      this.decisions.push(reach);
      return report.note(`decision ${id} is not in the ledger yet`);
    }
    const said = this.leaf(`decision ${id}`, leaf, 'mailwarden/consent', manifest.anchors.consent);
    if (said === undefined) return;
    if (said.schema !== 'mailwarden/evidence/v1' || said.kind !== 'decision' || said.id !== id) return report.problem('wrong-decision', `the ledger's entry of decision ${id} is of something else`);
    const text = canonicalOrNull(decision);
    if (text === null || said.documentSha256 !== sha256Hex(text)) return report.problem('wrong-decision', `decision ${id} is not as it was recorded: the ledger has another hash`);
    const revision = fields(said.facts).revision;
    this.decisions.push({ ...reach, revision: typeof revision === 'number' ? revision : null });
  }

  server({ membership: { payload: member, signature }, attestation }) {
    const { report, manifest } = this;
    if (this.servers.has(member.server)) return report.problem('wrong-membership', `${member.server} is there twice`);
    this.servers.add(member.server);
    if (!isSigned(manifest.anchors.reporting, 'membership', member, signature)) return report.problem('wrong-membership', `the membership of ${member.server} is not signed by the reporting service`);
    const said = attestation === null || this.head === null ? {} : this.leaf(`attestation of ${member.server}`, attestation, `mailwarden/agent/${member.server}`, member.agentKey);
    if (attestation !== null && this.head !== null && said !== undefined && (said.schema !== 'mailwarden/attestation/v1' || said.server !== member.server)) return report.problem('wrong-attestation', `what is told as the attestation of ${member.server} is none`);
    if (member.status !== 'active') return;
    const dotless = (part) => part.replaceAll('.', '_2E');
    const scopes = new Set(['organisation', `server.${member.server}`, ...Object.entries(member.labels).map(([key, value]) => `group.${dotless(key)}=${dotless(value)}`)]);
    for (const reach of this.decisions.filter(({ scope }) => scopes.has(scope))) {
      reach.servers += 1;
      if (reach.revision !== null && (fields(said?.revisions)[reach.scope] ?? 0) >= reach.revision) reach.applied += 1;
    }
  }

  end() {}

  summary() {
    const reached = this.decisions.map(({ id, servers, applied, revision }) => `\n  decision ${id}: ${revision === null ? 'not proved' : `${applied} of ${servers} servers signed that they applied it, or a later one`}`);
    return `evidence of ${this.manifest.agreement}: ${this.texts.size} texts, ${this.decisions.length} decisions, ${this.servers.size} servers${reached.join('')}`;
  }
}

// ---------------------------------------------------------------- 9. all of it

const MOST_TOLD = 20;

/** `lines`: as bytes without their ends. `known`: keys from elsewhere, or null. `kept`: heads and stamps from before. */
export function checkPack(lines, known = null, kept = { heads: [], stamps: [] }) {
  const found = { problems: [], notes: [] };
  let number = 0;
  const report = {
    problem: (code, message) => void (found.problems.length < MOST_TOLD && found.problems.push({ line: number, code, message })),
    note: (message) => void (found.notes.length < MOST_TOLD && !found.notes.includes(message) && found.notes.push(message)),
  };
  const keptHeads = new KeptHeads(kept, report);
  const digest = createHash('sha256');
  let [manifest, content, isEnded] = [null, null, false];
  const begin = (line) => {
    if (number !== 1) return report.problem('not-a-pack', 'there is a second manifest');
    manifest = line;
    if (known !== null && canonical(known) !== canonical(line.anchors)) report.problem('other-keys', 'its keys are not those that you gave');
    content = line.schema === PERIOD ? new Period(line, keptHeads, report) : new Agreement(line, keptHeads, report);
  };
  const end = (line, bytes) => {
    isEnded = true;
    if (manifest === null) return report.problem('not-a-pack', 'it does not begin with a manifest');
    content.end();
    const { lines: sealed, sha256, keyId: by, signature } = line;
    if (by !== keyId(manifest.anchors.reporting) || !isSigned(manifest.anchors.reporting, 'evidence-pack', { lines: sealed, sha256 }, signature)) return report.problem('wrong-signature', 'the end is not signed by the reporting service');
    if (bytes.toString('utf8') !== JSON.stringify({ line: 'end', lines: sealed, sha256, keyId: by, signature }) || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return report.problem('not-whole', 'its last line is not as it was written');
    if (sealed !== number - 1) return report.problem('not-whole', `${sealed} lines were sealed, and ${number - 1} are there`);
    if (sha256 !== digest.digest('hex')) report.problem('not-whole', 'something in it was changed after it was sealed, or its lines are in another order');
  };
  for (const bytes of lines) {
    number += 1;
    if (isEnded) report.problem('not-whole', 'something comes after the end');
    else {
      const value = jsonOf(bytes);
      const line = value !== undefined && isLine(value) ? value : null;
      if (line?.line === 'end') end(line, bytes);
      else {
        digest.update(bytes).update('\n');
        if (line === null) report.problem(number === 1 ? 'not-a-pack' : 'bad-line', number === 1 ? 'it does not begin as an evidence pack does' : 'this is no line of an evidence pack');
        else if (line.line === 'manifest') begin(line);
        else if (content === null) report.problem('not-a-pack', 'it does not begin with a manifest');
        else content.line(line);
      }
    }
  }
  if (number === 0) report.problem('not-a-pack', 'it is empty');
  else if (!isEnded) report.problem('not-whole', 'its last line is missing: it was cut short');
  return { holds: found.problems.length === 0, ...found, continues: keptHeads.continues, keys: manifest?.anchors ?? null, summary: content?.summary() ?? null };
}

/** Nothing of a file may steer the terminal that it is shown on. */
const shown = (text) => text.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]/g, '?');

function main(args) {
  const optionOf = (option) => (args.includes(option) ? args.splice(args.indexOf(option), 2)[1] : undefined);
  const [trustFile, keptFile] = [optionOf('--trust'), optionOf('--checkpoint')];
  const asJson = args.includes('--json');
  const [path] = args.filter((argument) => argument !== '--json');
  if (path === undefined) throw new Error('name the file of a pack: node verify-evidence.mjs PACK [--trust trust.json] [--checkpoint KEPT] [--json]');
  const known = trustFile === undefined ? null : jsonOf(readFileSync(trustFile));
  if (known !== null && !anchors(known)) throw new Error(`${trustFile} does not hold the keys of the services`);
  const kept = keptFile === undefined ? { heads: [], stamps: [] } : keptFrom(readFileSync(keptFile));
  if (kept === null) throw new Error(`${keptFile} does not hold a checkpoint or a time stamp`);
  const verdict = checkPack(linesOf(path), known, kept);
  if (asJson) console.log(JSON.stringify(verdict));
  else {
    console.log(verdict.holds ? `holds  ${shown(verdict.summary)}` : `FAILS  ${shown(path)}`);
    for (const { line, code, message } of verdict.problems) console.log(`  wrong  line ${line}: ${code}: ${shown(message)}`);
    for (const note of verdict.notes) console.log(`  note   ${shown(note)}`);
    if (verdict.continues !== null) console.log(`  the ledger goes on from the ${verdict.continues} entries of your checkpoint`);
    if (known !== null) console.log('  checked by the keys that you gave');
    else if (verdict.keys !== null) console.log(`  checked by its own keys: ${SERVICES.map((service) => `${service} ${keyId(verdict.keys[service])}`).join(', ')}. Compare them with keys that you know, or give --trust`);
  }
  return verdict.holds ? 0 : 1;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (cause) {
    console.error(`verify-evidence: ${cause.message}`);
    process.exitCode = 2;
  }
}
