/** Files of the published schema by their path. */
export type SchemaFiles = ReadonlyMap<string, unknown>;
type JsonSchema = Record<string, unknown>;

interface Attribute {
  readonly type?: string;
  readonly is_array?: boolean;
  readonly requirement?: 'required' | 'recommended' | 'optional';
  readonly profile?: string | null;
  readonly enum?: Readonly<Record<string, unknown>>;
  readonly observable?: number;
}
interface Definition {
  readonly name: string;
  readonly caption?: string;
  readonly uid?: number;
  readonly extends?: string;
  readonly category?: string;
  readonly observable?: number;
  readonly attributes: Readonly<Record<string, Attribute | readonly string[]>>;
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] };
}
interface Flat {
  readonly name: string;
  readonly uid: number;
  readonly category: string | undefined;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints: NonNullable<Definition['constraints']>;
}
interface DataType {
  readonly type?: string;
  readonly regex?: string;
  readonly max_len?: number;
  readonly range?: readonly [number, number];
  readonly observable?: number;
}

/** What our events are made of. An object that is not named here may not occur in one. */
const CLASSES = ['event_log_activity', 'compliance_finding', 'data_security_finding', 'authentication', 'entity_management', 'application_lifecycle', 'application_error'];
const OBJECTS = ['metadata', 'product', 'finding_info', 'compliance', 'remediation', 'data_security', 'resource_details', 'managed_entity', 'policy', 'device', 'user', 'service', 'observable', 'actor'];
/** Profiles whose attributes our events carry; each says so in `metadata.profiles`. */
const PROFILES = new Set(['host']);

const PRIMITIVES: Readonly<Record<string, JsonSchema>> = { string_t: { type: 'string' }, integer_t: { type: 'integer' }, long_t: { type: 'integer' }, float_t: { type: 'number' }, boolean_t: { type: 'boolean' }, json_t: {} };
const ACTIVITIES_PER_CLASS = 100;
const CLASSES_PER_CATEGORY = 1000;

class Resolver {
  readonly #files: SchemaFiles;
  readonly #dictionary: { attributes: Record<string, Attribute>; types: { attributes: Record<string, DataType> } };
  readonly #categories: Record<string, { uid: number }>;

  constructor(files: SchemaFiles) {
    this.#files = files;
    this.#dictionary = this.#read('dictionary.json');
    this.#categories = this.#read<{ attributes: Record<string, { uid: number }> }>('categories.json').attributes;
  }

  #read<T>(path: string): T {
    const found = this.#files.get(path);
    if (found === undefined) throw new Error(`the published schema has no ${path}`);
    return found as T;
  }

  #find(folder: 'events' | 'objects', name: string): Definition {
    const path = [...this.#files.keys()].find((candidate) => candidate.startsWith(`${folder}/`) && candidate.endsWith(`/${name}.json`));
    if (path === undefined) throw new Error(`the published schema has no ${name} in ${folder}`);
    return this.#read(path);
  }

  /** Attributes of a definition's own, with those of profiles that it includes under the profile's name. */
  #own({ attributes }: Definition): Record<string, Attribute> {
    const own: Record<string, Attribute> = {};
    for (const path of (attributes['$include'] ?? []) as readonly string[]) {
      const profile = this.#read<Definition>(path);
      for (const [name, attribute] of Object.entries(profile.attributes)) own[name] = { ...(attribute as Attribute), profile: profile.name };
    }
    for (const [name, attribute] of Object.entries(attributes)) if (name !== '$include') own[name] = { ...own[name], ...(attribute as Attribute) };
    return own;
  }

  flat(folder: 'events' | 'objects', name: string): Flat {
    const definition = this.#find(folder, name);
    const parent: Flat = definition.extends === undefined || definition.extends === 'object' ? { name, uid: 0, category: undefined, attributes: {}, constraints: {} } : this.flat(folder, definition.extends);
    const attributes: Record<string, Attribute> = { ...parent.attributes };
    for (const [key, attribute] of Object.entries(this.#own(definition))) {
      const above = attributes[key];
      attributes[key] = { ...above, ...attribute, ...(above?.enum === undefined && attribute.enum === undefined ? {} : { enum: { ...above?.enum, ...attribute.enum } }) };
    }
    return { name, uid: definition.uid ?? parent.uid, category: definition.category ?? parent.category, attributes, constraints: { ...parent.constraints, ...definition.constraints } };
  }

  #typed(type: string): JsonSchema {
    if (PRIMITIVES[type] !== undefined) return PRIMITIVES[type];
    const known = this.#dictionary.types.attributes[type];
    if (known === undefined) {
      if (type === 'object') return { type: 'object' };
      return OBJECTS.includes(type) ? { $ref: `#/$defs/${type}` } : { not: {}, description: `${type}: not taken over; name it in scripts/ocsf/resolve-schema.ts` };
    }
    return {
      ...(known.type === undefined ? {} : this.#typed(known.type)),
      ...(known.regex === undefined ? {} : { pattern: known.regex }),
      ...(known.max_len === undefined ? {} : { maxLength: known.max_len }),
      ...(known.range === undefined ? {} : { minimum: known.range[0], maximum: known.range[1] }),
    };
  }

  #attribute(name: string, attribute: Attribute): JsonSchema {
    const general = this.#dictionary.attributes[name];
    const type = attribute.type ?? general?.type;
    if (type === undefined) throw new Error(`the dictionary gives ${name} no type`);
    const values = general?.enum === undefined && attribute.enum === undefined ? undefined : Object.keys({ ...general?.enum, ...attribute.enum });
    const one = { ...this.#typed(type), ...(values === undefined ? {} : { enum: type === 'string_t' ? values : values.map(Number) }) };
    return (attribute.is_array ?? general?.is_array) === true ? { type: 'array', items: one } : one;
  }

  #shape({ attributes, constraints }: Flat, fixed: Record<string, JsonSchema>): JsonSchema {
    const used = Object.entries(attributes).filter(([, { profile }]) => profile === undefined || profile === null || PROFILES.has(profile));
    const oneOf = (names: readonly string[]): JsonSchema[] => names.map((name) => ({ required: [name] }));
    return {
      type: 'object',
      additionalProperties: false,
      required: used.filter(([, { requirement }]) => requirement === 'required').map(([name]) => name),
      properties: Object.fromEntries(used.map(([name, attribute]) => [name, fixed[name] ?? this.#attribute(name, attribute)])),
      ...(constraints.at_least_one === undefined ? {} : { anyOf: oneOf(constraints.at_least_one) }),
      ...(constraints.just_one === undefined ? {} : { oneOf: oneOf(constraints.just_one) }),
    };
  }

  /** Numbers that an observable may have: of data types, of objects, and of attributes. */
  #observables(): number[] {
    const ofTypes = Object.values(this.#dictionary.types.attributes).map(({ observable }) => observable);
    const ofAttributes = Object.values(this.#dictionary.attributes).map(({ observable }) => observable);
    const ofObjects = [...this.#files].filter(([path]) => path.startsWith('objects/')).flatMap(([, file]) => [(file as Definition).observable, ...Object.values((file as Definition).attributes).map((attribute) => (attribute as Attribute).observable)]);
    return [...new Set([0, 99, ...ofTypes, ...ofAttributes, ...ofObjects].filter((uid) => uid !== undefined))].sort((a, b) => a - b);
  }

  object(name: string): JsonSchema {
    return this.#shape(this.flat('objects', name), name === 'observable' ? { type_id: { enum: this.#observables() } } : {});
  }

  /** Schema of one class with the numbers that follow from its place. */
  class(name: string): { uid: number; schema: JsonSchema } {
    const flat = this.flat('events', name);
    const category = this.#categories[flat.category ?? '']?.uid;
    if (category === undefined) throw new Error(`${name} has no category`);
    const uid = category * CLASSES_PER_CATEGORY + flat.uid;
    const activities = Object.keys(flat.attributes['activity_id']?.enum ?? {}).map(Number);
    const numbers = { category_uid: { const: category }, class_uid: { const: uid }, type_uid: { enum: activities.map((activity) => uid * ACTIVITIES_PER_CLASS + activity) } };
    return { uid, schema: this.#shape(flat, numbers) };
  }
}

/** One JSON Schema with a definition for each class, as `class_2003`, and for each object. */
export function resolvedSchema(files: SchemaFiles, source: string): JsonSchema {
  const resolver = new Resolver(files);
  const classes = CLASSES.map((name) => resolver.class(name));
  const version = (files.get('version.json') as { version: string }).version;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: source,
    title: `OCSF ${version}, as far as Mailwarden uses it`,
    $defs: { ...Object.fromEntries(classes.map(({ uid, schema }) => [`class_${uid}`, schema])), ...Object.fromEntries(OBJECTS.map((name) => [name, resolver.object(name)])) },
  };
}
