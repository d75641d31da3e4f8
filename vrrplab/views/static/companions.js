// Who sits beside the picture: each asks, explains or judges in its own words, and the player knows none of them.
import { Bets } from "./bets.js";
import { Goal } from "./goal.js";
import { Repair } from "./repair.js";
import { Terms } from "./terms.js";
import { Tour } from "./tour.js";

/** @type {CompanionMaker[]} */
export const COMPANIONS = [Goal, Repair, Bets, Tour, Terms];
