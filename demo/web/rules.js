// Values shared by the scripts and the server. demo/rules.py reads them from here, so each is written in JSON.

export const SIDE = 256; // pixels of the sheet, and of the models that people draw for
export const DRAWN = ["edges", "labels", "paint"]; // kinds of input of such models
export const LARGEST_SEED = 4294967295; // largest seed on the page; all numbers up to it are exact in JavaScript
export const LARGEST_RATE = 0.9; // largest dropout rate on the page
export const LOOKS = 8; // number of variations
export const LINE_PEN = 2; // pixels, where a model's config has no pen
export const AREA_PEN = 12; // the same for models that take labels
export const LARGEST_PEN = 32;
export const THRESHOLD = 0.25; // threshold of a photo's outlines, from 0 to 1
export const SPREAD_SHOWN_WHITE = 0.25; // standard deviation, in the range from 0 to 1, that "unsure" shows as white
export const ALIKE_BELOW = 0.01; // mean distance below which all looks count as one picture
export const LONGEST_NAME = 40; // letters of a taught model's name
export const UNTIL_STOPPED = 600; // minutes that a training without an end may take
export const CHANNEL_MULTIPLE = 8; // the engine in the browser runs networks whose numbers of features are multiples of it

/** What the engine in the browser runs of a generator's settings. @type {Record<string, unknown[]>} */
export const HANDLED = {
  "in_channels": [3], "out_channels": [3], "skips": [true], "norm": ["batch", "instance", "none"], "activation": ["relu", "relu6"],
  "padding": ["zeros"], "head": ["transposed"], "skip_activation": ["relu"],
  "innermost_activation": ["relu"], "dropout_kind": ["element", "channel"]
};
