// Who sits beside the picture: each asks, explains or judges in its own words, and the player knows none of them.

/** @type {CompanionMaker[]} */
export const COMPANIONS = [];
