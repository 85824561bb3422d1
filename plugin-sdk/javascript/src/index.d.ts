/**
 * Rules for Signalbox in JavaScript and TypeScript: a config, two functions and one call.
 *
 * A rule decides who enters an email journey ({@link TriggerRule}), who is in an audience ({@link SegmentRule}) or
 * what a message says ({@link PersonalizerRule}). It runs in a sandbox and imports nothing: it names its inputs in
 * `plan`, receives exactly those in `decide`, and has no clock, no files, no network and no chance but what it
 * declared. So the same inputs give the same verdict for ever.
 *
 * What to know:
 * - A missing value is `undefined`. It is never false and never 0; only a count is always there.
 * - What is thrown in `decide` becomes that one contact's failure; the others' verdicts stand.
 * - `Date.now()` and `new Date()` answer from the input {@link clock}, `Math.random()` from the input {@link seed};
 *   where the plan does not declare them they throw. `console` is silent.
 * - Whole numbers beyond 2^53 are not exact in JavaScript: reading one throws, so that it cannot be wrong unseen.
 * - Nothing survives from one batch to the next, and no answer may depend on who else is in the batch.
 */

/** A JSON value. What is missing is left out; null is not a value. */
export type Json = boolean | number | string | Json[] | { [name: string]: Json };

/** The type of an input. A value of another type counts as missing; `any` gives each contact's value its own. */
export type Type = "number" | "integer" | "text" | "boolean" | "instant" | "json" | "any";

/** An input: where its value comes from, and its type. Made by the functions below. */
export interface Input {
  readonly type: Type;
  readonly source: unknown;
}

/** One condition on a field of an event. A field that is missing meets none but `exists` with `false`. */
export interface Condition {
  field: string;
  /** `ne`: there and another. `contains`: a part of a text, or a member of a list. */
  operator: "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "contains" | "exists";
  value: Json;
}

/** Conditions, all of which must hold; `{ plan: "gold" }` is short for one `eq`. */
export type Where = Condition[] | { [field: string]: Json };

/** Events of the contact's history; a bare name means all of that name. */
export type Events = string | EventSelection;

/** Made by {@link events}. */
export interface EventSelection {
  readonly event: string;
}

/** An occasion on which a trigger is asked. `start`: once for every contact there is. `due`: its own arm fired. */
export type Occasion =
  | "start"
  | "due"
  | { event: { event: string; where?: Condition[] } }
  | { attribute_changed: string }
  | { segment_entered: string }
  | { segment_left: string }
  | { table_row_changed: string };

/**
 * Events by name, with conditions and a rolling window such as `90d`, `36h` or `2w`.
 * Windows are better than the clock: the host knows when a window's count changes.
 */
export function events(name: string, options?: { where?: Where; within?: string }): EventSelection;

/** An attribute of the contact, as it is now. */
export function attribute(name: string, type: Type): Input;
/** A field of the occasion's event; on `due` of the event that armed. */
export function eventField(name: string, type: Type): Input;
/** When that same event occurred. */
export function occurredAt(): Input;
/** How many such events there are. Never missing: none is 0. */
export function count(of: Events): Input;
/** The sum of a numeric field; missing where no such event has one. */
export function sum(of: Events, field: string): Input;
/** When the first such event occurred. */
export function first(of: Events): Input;
/** A field of the first such event. */
export function firstField(of: Events, field: string, type: Type): Input;
/** When the last such event occurred. */
export function last(of: Events): Input;
/** A field of the last such event. */
export function lastField(of: Events, field: string, type: Type): Input;
/** The most recent such events, 1 to 100, newest first: a list of `{ occurred_at, fields }`, read by `json`. */
export function recent(of: Events, most: number): Input;
/** Whether the contact is in the segment of this name. */
export function memberOf(segment: string): Input;
/** A value that an earlier step or journey kept. */
export function kept(name: string, type: Type): Input;
/** The arm that the journey took at a step: its name, the step or event it stands for, or `otherwise`. */
export function armTaken(step: string): Input;
/** Rows of a reference table: all of a small one, or those looked up; a list of objects, read by `json`. */
export function table(name: string, options?: { keyInput?: string; orderBy?: string; rowsMax?: number }): Input;
/** Which of several occasions it is; read by {@link Contact.occasion}. */
export function occasion(): Input;
/** The key of the arm that fired; missing on any other occasion. */
export function armKey(): Input;
/** The time of the journey; read by {@link Contact.clock} or `Date.now()`. A segment must then say `recheckAt`. */
export function clock(): Input;
/** 64 bits that are the same at each re-execution; read by {@link Contact.random} or `Math.random()`. */
export function seed(): Input;

/** The occasion of such an event. */
export function onEvent(name: string, options?: { where?: Where }): Occasion;

/** What a rule reads and, for a trigger, when it is asked. */
export interface Plan {
  /** By the names that `decide` and cases use; at most 64. */
  inputs?: { [name: string]: Input };
  /** At most 16; triggers only. */
  occasions?: Occasion[];
}

/**
 * One contact. Each read answers `undefined` where the value is missing, and throws where the plan does not declare
 * the input or says another type.
 */
export interface Contact {
  /** The value whatever its type; JSON is parsed. */
  value(name: string): Json | Date | undefined;
  /** A number, whole or not. */
  number(name: string): number | undefined;
  /** A whole number. Throws beyond 2^53, where JavaScript is not exact. */
  integer(name: string): number | undefined;
  /** A count, which is never missing. */
  count(name: string): number;
  text(name: string): string | undefined;
  boolean(name: string): boolean | undefined;
  instant(name: string): Date | undefined;
  /** The parsed value of an input of type `json`. */
  json(name: string): Json | undefined;
  /** The time, for a plan with {@link clock}. The same for every contact of a batch. */
  clock(): Date;
  /** The contact's own random numbers from their beginning, for a plan with {@link seed}. */
  random(): Random;
  /** On what a trigger is asked; where it has several occasions its plan needs the input {@link occasion}. */
  occasion(): Occasion;
  /** Whether the trigger is asked because its own arm fired. */
  isDue(): boolean;
}

/** Random numbers that are the same at each re-execution; not for secrets. */
export class Random {
  constructor(seed: number | bigint);
  /** A number from 0 up to but not including 1. */
  fraction(): number;
  /** A whole number from 0 up to but not including `bound`. */
  below(bound: number): number;
}

declare const verdict: unique symbol;
/** What a segment answers. */
export interface SegmentVerdict {
  readonly [verdict]: "segment";
}
/** What a trigger answers. */
export interface TriggerVerdict {
  readonly [verdict]: "trigger";
}
/** What a personalizer answers. */
export interface PersonalizerVerdict {
  readonly [verdict]: "personalizer";
}

/** A Date, or milliseconds since 1970. */
export type InstantLike = Date | number;

/** In. `recheckAt`: the next instant at which the answer can change by time alone; only where the plan has a clock. */
export function inside(reason: string, options?: { recheckAt?: InstantLike }): SegmentVerdict;
/** Out; see {@link inside}. */
export function outside(reason: string, options?: { recheckAt?: InstantLike }): SegmentVerdict;

/** A wish to be asked on the occasion `due`. A newer arm with the same key replaces the older one. */
export interface Arm {
  /** When; at once if it is past. */
  at: InstantLike;
  /** Names the arm for this contact and workflow, 1 to 256 bytes. */
  key: string;
  /** Events that take the arm away before it fires, at most 8. */
  cancelledBy?: (string | { event: string; where?: Where })[];
}

/** The contact enters. The same key never enters twice; without one it is the event's id. May arm as well. */
export function enter(reason: string, options?: { key?: string; arm?: Arm }): TriggerVerdict;
/** Nothing happens now; the trigger is asked again when the arm fires. */
export function arm(reason: string, wanted: Arm): TriggerVerdict;
/** Nothing happens. */
export function nothing(reason: string): TriggerVerdict;

/** Values for the template, at most 16 KiB as JSON; what is left out is the template's own. */
export function personalize(
  reason: string,
  values: { [name: string]: Json },
  options?: {
    /** In place of the template's, without line breaks, at most 250 characters. */
    subject?: string;
    /** The name of another template of the workflow. */
    variant?: string;
    /** When the message should go out; now without it. */
    sendAt?: InstantLike;
  },
): PersonalizerVerdict;

/** An example, run before the server lets a version in. */
export interface Case<Config = Json> {
  /** Says what is shown. */
  name: string;
  config: Config;
  /** For triggers the index of the occasion; 0 without it. */
  occasion?: number;
  /** Values by the names of inputs; one that is not named is missing. Instants are RFC 3339 texts. */
  given?: { [input: string]: Json };
  /** The verdict as `signalbox plugin check` prints it; only members named here are compared. */
  expect: { [member: string]: Json | null };
}

/** A rule: what it is configured with, what it asks for, what it answers. */
export interface Rule<Config, Verdict> {
  /** JSON Schema (2020-12) of the config, of which the form is made; without it there is nothing to fill in. */
  config?: object;
  /** Why the rule decides as it does: a stable code in snake_case, and a title for people. At most 64. */
  reasons: { [code: string]: string };
  /** Which inputs it wants. What is thrown here is shown to the person who wrote the config. */
  plan(config: Config): Plan;
  /** Decides on one contact, by nothing but its arguments. What is thrown is that contact's failure. */
  decide(config: Config, contact: Contact): Verdict;
  cases?: Case<Config>[];
}

/** Decides who enters a workflow. */
export type TriggerRule<Config = any> = Rule<Config, TriggerVerdict>;
/** Decides who is in or out. */
export type SegmentRule<Config = any> = Rule<Config, SegmentVerdict>;
/** Chooses what a message says. */
export type PersonalizerRule<Config = any> = Rule<Config, PersonalizerVerdict>;

/** One export of a component. */
interface RuleExport {
  plan(config: string): string;
  decide(config: string, batch: unknown): unknown[];
}

/** The contract's exports, to be exported by the plugin's module under these very names. */
export interface PluginExports {
  plugin: { describe(): string };
  trigger: RuleExport;
  segment: RuleExport;
  personalizer: RuleExport;
}

/** Makes a plugin of at most one rule of each kind: `export const { plugin, segment } = definePlugin({ .. })`. */
export function definePlugin(definition: {
  /** Bindings choose by it: small letters, digits, `_` and `-`. */
  name: string;
  /** Semantic version of this file. */
  version: string;
  title: string;
  /** One or two sentences for people. */
  summary: string;
  trigger?: TriggerRule;
  segment?: SegmentRule;
  personalizer?: PersonalizerRule;
}): PluginExports;
