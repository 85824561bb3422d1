// What a rule reads: one contact at a time by input name, over the columns that the contract has.
//
// Called by `plugin.js`. What is missing is undefined, never false or 0. A name that the plan does not declare, or
// a type that it does not say, is a mistake in the rule: it throws, and the contact's answer is that failure.
import { Random } from "./random.js";

/** The values of one input for every row. */
class Column {
  #kind;
  #values;
  #missing;

  constructor({ values, missing }) {
    this.#kind = values.tag;
    this.#values = values.val;
    this.#missing = missing.length > 0 ? new Set(missing) : undefined;
  }

  /** Whether each row has a type of its own, so that another type is just another contact's value. */
  get isMixed() {
    return this.#kind === "mixed" || this.#kind === "constant";
  }

  /** The value with its type; undefined where it is missing. */
  at(row) {
    if (this.#kind === "absent" || this.#missing?.has(row)) {
      return undefined;
    }
    switch (this.#kind) {
      case "mixed":
        return this.#values[row];
      case "constant":
        return this.#values;
      default:
        // "numbers" holds numbers, and so on.
        return { tag: this.#kind.slice(0, -1), val: this.#values[row] };
    }
  }
}

/** A whole number as JavaScript has it, where it can be had exactly. */
function exact(val, name) {
  const number = Number(val);
  if (!Number.isSafeInteger(number)) {
    throw new Error(`the input ${JSON.stringify(name)} is beyond the whole numbers that JavaScript holds exactly`);
  }
  return number;
}

function plain({ tag, val }, name) {
  switch (tag) {
    case "integer":
      return exact(val, name);
    case "instant":
      return new Date(Number(val));
    case "json":
      return JSON.parse(val);
    default:
      return val;
  }
}

/** One or many contacts to decide on, with the plan that named their values. */
export class Batch {
  #columns;
  #places;
  #plan;

  constructor({ columns }, plan) {
    this.#columns = columns.map((column) => new Column(column));
    this.#places = new Map(plan.inputs.map((input, index) => [input.name, index]));
    this.#plan = plan;
    const clock = this.nameOf("clock");
    /** Milliseconds, the same for every row; undefined where the plan declares no clock. */
    this.clockMs = clock && Number(this.column(clock).at(0).val);
    this.hasSeed = this.nameOf("seed") !== undefined;
  }

  column(name) {
    const column = this.#columns[this.#places.get(name)];
    if (column === undefined) {
      throw new Error(`the rule reads the input ${JSON.stringify(name)}, which its plan does not declare`);
    }
    return column;
  }

  get occasions() {
    return this.#plan.occasions;
  }

  /** The name of the plan's input with that source. */
  nameOf(source) {
    return this.#plan.inputs.find((input) => input.source === source)?.name;
  }
}

export class Contact {
  #batch;
  #row;

  constructor(batch, row) {
    this.#batch = batch;
    this.#row = row;
  }

  #read(name, ...tags) {
    const column = this.#batch.column(name);
    const value = column.at(this.#row);
    if (value === undefined || tags.includes(value.tag)) {
      return value;
    }
    if (column.isMixed) {
      return undefined;
    }
    throw new Error(`the rule reads the input ${JSON.stringify(name)} as ${tags[0]}, its plan says ${value.tag}`);
  }

  #typed(name, ...tags) {
    const value = this.#read(name, ...tags);
    return value && plain(value, name);
  }

  value(name) {
    const value = this.#batch.column(name).at(this.#row);
    return value && plain(value, name);
  }

  number(name) {
    return this.#typed(name, "number", "integer");
  }

  integer(name) {
    return this.#typed(name, "integer");
  }

  count(name) {
    return this.integer(name) ?? 0;
  }

  text(name) {
    return this.#typed(name, "text");
  }

  boolean(name) {
    return this.#typed(name, "boolean");
  }

  instant(name) {
    return this.#typed(name, "instant");
  }

  json(name) {
    return this.#typed(name, "json");
  }

  clock() {
    return this.instant(this.#declared("clock"));
  }

  random() {
    // Through a number: some engines hand over the seed's 64 bits exactly and some do not, and all must draw the same.
    return new Random(Number(this.#read(this.#declared("seed"), "integer").val));
  }

  occasion() {
    const { occasions } = this.#batch;
    return occasions.length === 1 ? occasions[0] : occasions[this.integer(this.#declared("occasion"))];
  }

  isDue() {
    return this.occasion() === "due";
  }

  #declared(source) {
    const name = this.#batch.nameOf(source);
    if (name === undefined) {
      throw new Error(`the rule reads its ${source}, which its plan does not declare`);
    }
    return name;
  }
}
