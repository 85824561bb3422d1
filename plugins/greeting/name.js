// Names as people write them into forms, and as they want to be called.

/** Letters with the marks that belong to them, and what joins the parts of a name. */
const NAME = /^\p{L}[\p{L}\p{M}]*(?:[ '’.-]+\p{L}[\p{L}\p{M}]*)*\.?$/u;
const PART = /\p{L}[\p{L}\p{M}]*/gu;
/** What people and programs write where there is no name. */
const NOBODY = new Set(["admin", "anonymous", "customer", "guest", "na", "name", "nil", "no name", "none", "null", "test", "undefined", "unknown", "user", "xx", "xxx"]);

function withCapital(part) {
  const [first, ...rest] = part;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/**
 * The name with single spaces, and with capitals where it was written in one case alone; undefined where it is no name
 * or has more letters than that. One letter of an alphabet with capitals is an initial, and no name.
 */
export function tidied(given, lettersMax) {
  const name = given.replace(/\s+/gu, " ");
  const letters = [...name];
  if (letters.length > lettersMax || !NAME.test(name) || NOBODY.has(name.toLowerCase())) {
    return undefined;
  }
  const hasCase = name.toLowerCase() !== name.toUpperCase();
  if (hasCase && letters.length === 1) {
    return undefined;
  }
  const isOneCase = name === name.toLowerCase() || name === name.toUpperCase();
  return isOneCase ? name.replace(PART, withCapital) : name;
}
