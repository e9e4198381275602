// The choice between the server and the visitor's own device. The server draws first, and the device as soon as it has the
// model. Each takes over from the other without losing a drawing.

import { filled } from './dom.js';
import { Trouble } from './engines.js';

/** @typedef {import('./engines.js').Drawing} Drawing */
/** @typedef {import('./engines.js').Engine} Engine */
/** @typedef {import('./engines.js').Wish} Wish */

/**
 * @typedef {object} Place
 * @property {'device' | 'server'} name
 * @property {boolean} alone whether the server is away, or there is none
 * @property {number | null} loading downloaded share of the model, during its download
 * @property {string} reason why the device cannot draw; empty where it can, or has not tried
 */

const SLOW = 500; // ms per picture, above which the server draws
const LOOK = 1000; // ms of rest before the page checks for the server
const SELDOM = 4000; // ms between checks while the server is there
const OFTEN = 2000; // ms between checks while it is away

/** @implements {Engine} */
export class Chooser {
  /** @type {(place: Place) => void} */
  onPlace = () => {};
  /** A model is ready on the device, or will not be. @type {(model: string) => void} */
  onLoaded = () => {};
  #model = '';
  #away = false;
  #looked = -Infinity;
  #look = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  /** Models that are ready on the device. @type {Set<string>} */
  #ready = new Set();
  /** @type {Map<string, Promise<{ rate: number } | null>>} */
  #loading = new Map();
  /** Why the device cannot run a model. @type {Map<string, string>} */
  #failed = new Map();
  #share = /** @type {number | null} */ (null);
  /** Tasks that wait for the server; repeated when the device takes over. @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {Engine | null} server null for a site without one
   * @param {import('./device.js').DeviceEngine} device
   * @param {Record<string, string>} texts
   * @param {string | null} [wanted] "browser" or "server" to use only one; without a server, only the device draws
   */
  constructor(server, device, texts, wanted) {
    this.server = server;
    this.device = device;
    this.texts = texts;
    this.wanted = server ? wanted : 'browser';
    if (!server) return;
    for (const change of ['online', 'offline']) addEventListener(change, () => this.#onDevice && this.#lookForServer());
  }

  get gap() {
    return this.#onDevice || !this.server ? this.device.gap : this.server.gap;
  }

  /** Whether a model is on its way to the device. @param {string} model */
  awaits(model) {
    return this.#loading.has(model) && !this.#ready.has(model);
  }

  async reachable() {
    if (this.#onDevice || !this.server) return true;
    const here = await this.#serverIsHere();
    if (!here && this.#mayLoad(this.#model)) this.#load(this.#model);
    return here;
  }

  /** Go on with a model that was opened before, since another could not be. @param {string} model */
  stay(model) {
    this.#model = model;
    this.#tell();
  }

  /** @param {string} model @param {(line: string) => void} report @returns {Promise<{ rate: number }>} */
  async open(model, report) {
    this.#model = model;
    if (!this.server || this.#away) this.#failed.delete(model); // the network may be back
    this.#tell();
    if (await this.#shouldLoad(model)) {
      const opened = await this.#load(model);
      if (opened) return opened;
    }
    const server = this.#serverFor(model);
    if (!(await this.#serverIsHere())) {
      const opened = this.#mayLoad(model) && (await this.#load(model));
      if (opened) return opened;
      throw new Trouble(this.texts.gone);
    }
    return this.#orDevice(model, () => server.open(model, report), () => this.device.open(model));
  }

  /** @param {Drawing} drawing @param {Wish} wish */
  async translate(drawing, wish) {
    const { model } = wish;
    const here = () => this.device.translate(drawing, wish);
    if (await this.#shouldLoad(model)) await this.#load(model);
    const byServer = wish.by === 'server' && this.server && !this.#away && (await this.#serverIsHere());
    if (this.#ready.has(model) && !byServer) {
      clearTimeout(this.#look);
      try {
        const picture = await here().catch((error) => this.#again(model, error, here));
        if (wish.final) this.#lookSoon();
        return picture;
      } catch (error) {
        this.#fail(model, error);
      }
    }
    const server = this.#serverFor(model);
    const there = () => server.translate(drawing, wish);
    const picture = await (byServer ? there() : this.#orDevice(model, there, here));
    if (picture && model === this.#model && this.#mayLoad(model) && !savesData()) this.#load(model);
    return picture;
  }

  /** @param {Drawing} drawing @param {Wish} wish @param {number} [count] */
  async variations(drawing, wish, count) {
    const { model } = wish;
    const here = () => this.device.variations(drawing, wish, count);
    if ((await this.#shouldLoad(model)) && (await this.#load(model))) {
      try {
        return await here().catch((error) => this.#again(model, error, here));
      } catch (error) {
        this.#fail(model, error);
      }
    }
    const server = this.#serverFor(model);
    if (this.#away && !(await this.#serverIsHere())) throw new Trouble(this.texts.gone);
    return this.#orDevice(model, () => server.variations(drawing, wish, count), here);
  }

  /**
   * @param {string} image @param {number} threshold @param {import('./engines.js').PictureKind | 'auto'} kind
   */
  async lines(image, threshold, kind) {
    const { server } = this;
    return (server && (await this.#serverIsHere()) ? server : this.device).lines(image, threshold, kind);
  }

  get #onDevice() {
    return this.#ready.has(this.#model);
  }

  /** @param {string} model */
  #mayLoad(model) {
    return this.wanted !== 'server' && this.device.offers(model) && !this.#failed.has(model);
  }

  /** Whether to ask the device first: it is the only one, or it has the weights and has shown that it can run them. @param {string} model */
  async #shouldLoad(model) {
    if (!this.#mayLoad(model)) return false;
    if (!this.server || this.#away || this.wanted === 'browser') return true;
    return this.#ready.has(model) || (this.#ready.size > 0 && (await this.device.has(model)));
  }

  /** @param {string} model @returns {Engine} @throws {Trouble} neither is available */
  #serverFor(model) {
    if (this.server) return this.server;
    throw new Trouble(filled(this.texts.no_device, { reason: this.#failed.get(model) ?? '' }));
  }

  /**
   * If only the device is left, give it a second chance.
   * @template T
   * @param {string} model @param {Error} error @param {() => Promise<T>} task @returns {Promise<T>}
   */
  #again(model, error, task) {
    if (this.server && !this.#away) throw error;
    this.device.close(model);
    return task();
  }

  /**
   * The server's answer, or the device's if it takes over in the meantime.
   * @template T
   * @param {string} model @param {() => Promise<T>} ask @param {() => Promise<T>} instead @returns {Promise<T>}
   */
  #orDevice(model, ask, instead) {
    return new Promise((resolve, reject) => {
      const again = () => this.#ready.has(model) && instead().then(resolve, reject);
      this.#waiting.add(again);
      ask().then(resolve, reject).finally(() => this.#waiting.delete(again));
    });
  }

  /** Make a model ready on the device. @param {string} model @returns {Promise<{ rate: number } | null>} null where that fails */
  #load(model) {
    const opening = this.#loading.get(model) ?? this.#open(model);
    this.#loading.set(model, opening);
    return opening;
  }

  /** @param {string} model */
  async #open(model) {
    try {
      const opened = await this.device.open(model, (share) => {
        if (model !== this.#model) return;
        this.#share = share;
        this.#tell();
      });
      if (this.server && !this.#away && (await this.device.time(model)) > SLOW) throw new Error(this.texts.too_slow);
      this.#ready.add(model);
      this.#share = null;
      for (const again of [...this.#waiting]) again();
      this.#tell();
      this.onLoaded(model);
      return opened;
    } catch (error) {
      this.#fail(model, error);
      return null;
    }
  }

  /** @param {string} model @param {unknown} error */
  #fail(model, error) {
    this.#failed.set(model, error instanceof Error ? error.message : String(error));
    this.#ready.delete(model);
    this.#loading.delete(model);
    this.device.close(model);
    this.#share = null;
    this.#tell();
    this.onLoaded(model);
  }

  #lookSoon() {
    if (!this.server) return;
    clearTimeout(this.#look);
    const wait = this.#away ? OFTEN : Math.max(LOOK, this.#looked + SELDOM - performance.now());
    this.#look = setTimeout(() => this.#lookForServer(), wait);
  }

  async #lookForServer() {
    clearTimeout(this.#look);
    this.#looked = performance.now();
    if (!(await this.#serverIsHere())) this.#lookSoon();
  }

  async #serverIsHere() {
    this.#away = !(await this.server?.reachable());
    this.#tell();
    return !this.#away;
  }

  #tell() {
    this.onPlace({
      name: this.#onDevice || !this.server ? 'device' : 'server',
      alone: !this.server || this.#away,
      loading: this.#share,
      reason: this.#failed.get(this.#model) ?? '',
    });
  }
}

/** Whether the visitor asked their browser for few downloads. */
function savesData() {
  const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (/** @type {unknown} */ (navigator));
  return Boolean(connection?.saveData);
}
