// What the scripts and the server both know. demo/rules.py reads it here, so each value is a number or list in JSON.

export const SIDE = 256; // pixels of the sheet, and of the models that people draw for
export const DRAWN = ["edges", "labels", "paint"]; // what such a model may take
export const LARGEST_SEED = 4294967295; // of the page; every number up to it is exact in JavaScript
export const LARGEST_RATE = 0.9; // of the dropout
export const LOOKS = 8; // that the variations show
export const LINE_PEN = 2; // pixels, where a model's config names no pen
export const AREA_PEN = 12; // the same for models that take labels
export const LARGEST_PEN = 32;
export const THRESHOLD = 0.25; // of a photo's outlines, from 0 to 1
export const HOTTEST = 0.25; // standard deviation, of the range from 0 to 1, that "unsure" shows white
export const HARDLY = 0.01; // mean distance below which all looks seem one picture
