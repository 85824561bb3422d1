// Random numbers for rules, which have no other source of chance than their seed.

const MASK = (1n << 64n) - 1n;

/** A small generator (SplitMix64 of Steele, Lea and Flood, 2014); not for secrets. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = BigInt.asUintN(64, BigInt(seed));
  }

  #bits() {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK;
    let mixed = this.#state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return mixed ^ (mixed >> 31n);
  }

  fraction() {
    return Number(this.#bits() >> 11n) / 2 ** 53;
  }

  below(bound) {
    return Number((this.#bits() * BigInt(bound)) >> 64n);
  }
}
