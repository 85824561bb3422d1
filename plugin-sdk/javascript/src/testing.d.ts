/**
 * Runs a plugin in its author's own tests, through the very exports that the server calls.
 *
 * A plugin is given as its module: `import * as plugin from "./rule.js"`.
 */
import type { Json } from "./index.js";

/** The module of a plugin. */
type Plugin = object;
type Kind = "trigger" | "segment" | "personalizer";

/** One contact; a clock that is not given is 2026-01-01T00:00:00Z, a seed 0. */
export interface Given {
  /** Values by the names of inputs; one that is not named is missing. */
  given?: { [input: string]: Json | Date };
  /** For triggers the index of the occasion; 0 without it. */
  occasion?: number;
}

/** A verdict as `signalbox plugin check` prints it, without members that say nothing; or `{ failed: message }`. */
export type Answer = { [member: string]: Json };

/** What the plugin says of itself. */
export function describe(plugin: Plugin): Answer;
/** What the rule asks for. Throws what it says of a bad config. `kind` is needed where there are several rules. */
export function plan(plugin: Plugin, config: Json, options?: { kind?: Kind }): Answer;
/** What the rule decides on one contact. */
export function decide(plugin: Plugin, asked: Given & { config: Json; kind?: Kind }): Answer;
/** What the rule decides on many contacts in one batch. */
export function decideAll(plugin: Plugin, config: Json, contacts: Given[], options?: { kind?: Kind }): Answer[];
/** Runs the plugin's cases as the server does before it lets a plugin in: singly, together and in reverse. */
export function checkCases(plugin: Plugin): void;
