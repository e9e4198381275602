// The studio: all parts of the page are created and connected here.

import { settingsPanel, sheetBar } from './bars.js';
import { filled, find, menus, toaster } from './dom.js';
import { parse } from './colours.js';
import { liveCamera } from './camera.js';
import { Chooser } from './chooser.js';
import { DeviceEngine } from './device.js';
import { ServerEngine, Trouble } from './engines.js';
import { Demonstration, firstVisit } from './invitation.js';
import { Gallery } from './gallery.js';
import { guide } from './guide.js';
import { History } from './history.js';
import { KEYS, keyboard } from './keyboard.js';
import { Look } from './look.js';
import { pack, unpack } from './packing.js';
import { overlay } from './overlay.js';
import { photos } from './photos.js';
import { decoded, enlarged } from './pictures.js';
import { pointers } from './pointer.js';
import { remix } from './remix.js';
import { Film } from './replay.js';
import { keepRoom, openStudio } from './rooms.js';
import { SIDE } from './rules.js';
import { saving } from './saving.js';
import { asked, forgetLink, linkTo, share } from './sharing.js';
import { Sheet } from './sheet.js';
import { Shelves, alike } from './shelves.js';
import { status } from './status.js';
import { keepWork, lastWork } from './store.js';
import { taughtCards } from './teach/cards.js';
import { Toolbox } from './toolbox.js';
import { Translation } from './translation.js';
import { Transport } from './transport.js';
import { variations } from './variations.js';

/**
 * @typedef {object} Model
 * @property {string} title
 * @property {string} code
 * @property {import('./sheet.js').Kind} input
 * @property {[string, string][] | null} palette names and "#rrggbb"
 * @property {string} ground "#rrggbb" of an empty sheet
 * @property {string} invitation on an empty sheet
 * @property {string[][]} materials sets of "#rrggbb" for "Colour it for me"; empty for all hues
 * @property {boolean} steady whether all seeds give nearly the same picture
 * @property {number} pen
 * @property {number} seed
 * @property {{ name: string, image: string }[]} examples
 * @property {string | null} preview
 * @property {string} cost size of the download, in words; empty where it is done
 * @property {string} weights address of the checkpoint for browsers; empty where they cannot run it
 *
 * @typedef {object} Props
 * @property {Record<string, Model>} models
 * @property {Record<string, string>} texts
 * @property {Record<string, string>} icons
 * @property {string[]} tools files in tools/
 * @property {boolean} [server] false for a site without one
 * @property {boolean} [teaches] there is a tab on which models are taught
 */

const REST = 1200; // ms of rest before a drawing goes into the history
const PATIENCE = 3000; // ms to wait for the models that were taught here, where the visitor left one of them

/** @param {HTMLElement} root @param {Props} props */
export async function start(root, { models, texts, icons, tools, server = true, teaches = false }) {
  const studio = find(root, '.studio');
  const sheet = new Sheet(/** @type {HTMLCanvasElement} */ (find(root, '#sheet')));
  const wantedEngine = new URLSearchParams(location.search).get('engine');
  const engine = new Chooser(server ? new ServerEngine() : null, new DeviceEngine(models), texts, wantedEngine);
  const film = new Film();
  const names = Object.keys(models);
  let model = names[0];
  // Device and server may differ by one level, so a picture that comes back is asked of whoever drew it before.
  let drawnBy = /** @type {import('./engines.js').Computer | null} */ (null);
  let askedOf = /** @type {import('./engines.js').Computer | null} */ (null);

  const toast = toaster(find(root, '.toast'));
  const say = (/** @type {string} */ words) => (find(root, '.said').textContent = words);

  const toolbox = new Toolbox(root, sheet, icons, (words) => { say(words); });
  const loaded = await Promise.all(tools.map((name) => import(`./tools/${name}`)));
  toolbox.use(loaded.map((module) => module.default).filter((tool) => tool));
  const picture = new Translation(root, toolbox);
  const look = new Look(root, again);
  look.seed = models[model].seed;
  const demonstration = new Demonstration(sheet);
  const { put, leave } = photos(root, sheet, engine, texts, toast, () => demonstration.stop(false));
  const bar = sheetBar(root, { sheet, toolbox, leave, colour: colourIt });
  const current = () => ({ model, seed: look.seed, rate: look.rate });
  const transport = new Transport(engine, sheet, () => ({ ...current(), by: askedOf }));
  const samples = variations(root, {
    sheet, picture: picture.image, engine, texts, toast, materials,
    current: () => ({ ...current(), steady: models[model].steady }),
    adopt: (under) => look.choose(under),
  });
  const camera = liveCamera(root, sheet, texts, toast);
  status(root, { transport, engine, sheet, texts, toast, say, server, offerCamera: (possible) => camera.offer(possible) });

  // --- the drawing and its picture ------------------------------------------------------------------------------------

  function showSheet() {
    bar.show();
    const invitation = find(root, '.invitation');
    invitation.hidden = !sheet.blank || demonstration.plays;
    sheet.canvas.dataset.blank = String(sheet.blank);
    invitation.classList.toggle('on-paint', sheet.kind === 'labels');
    if (sheet.blank) picture.empty();
    samples.mark();
  }

  let kept = 0;
  async function keep() {
    const mine = (kept += 1);
    const work = { ...current(), by: drawnBy, drawing: await pack(sheet.copy()) };
    if (mine === kept) keepWork(work); // packing a later drawing may take less time
    return work;
  }

  sheet.onChange((change) => {
    showSheet();
    if (change !== 'shown') {
      samples.hideUnsure();
      askedOf = null;
      forgetLink();
    }
    drawnBy = null;
    if (sheet.blank) film.clear();
    picture.stale();
    transport.changed(change !== 'moving');
    sheet.canvas.dataset.frame = String(transport.frames);
    if (change !== 'moving') keep();
  });

  /** Translate the same drawing in another look, or by another model. */
  function again() {
    samples.hideUnsure();
    forgetLink();
    [drawnBy, askedOf] = [null, null];
    picture.stale();
    transport.changed(true);
    sheet.canvas.dataset.frame = String(transport.frames);
    samples.mark();
    keep();
  }

  let resting = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  let keepIt = () => {}; // puts the drawing that rests into the history

  /** Keep the drawing that rests, before another takes its place. */
  function keepResting() {
    clearTimeout(resting);
    keepIt();
    keepIt = () => {};
  }
  sheet.onFresh(keepResting);
  transport.onPicture = ({ image, final, frame, sent, ms, model: by, seed: under, by: computer }) => {
    if (sheet.blank || by !== model) return;
    const last = final && frame === transport.frames && !(askedOf === 'device' && computer === 'server' && engine.awaits(model));
    if (last) drawnBy = computer;
    if (last && !demonstration.plays) say(filled(texts.ready, { title: models[by].title, seed: under }));
    picture.show(image, frame, last);
    samples.arrived();
    film.note(sheet.png(), image);
    document.dispatchEvent(new CustomEvent('pix2pix:translated', { detail: { final, sent, ms } }));
    clearTimeout(resting);
    keepIt = () => {};
    if (!final || frame !== transport.frames || demonstration.plays) return;
    const done = { ...current(), by: computer, layers: sheet.copy(), paper: sheet.paper, image };
    keepIt = () => remember(done);
    resting = setTimeout(keepResting, REST);
  };

  engine.onLoaded = (name) => {
    if (name === model && askedOf === 'device' && drawnBy === null) transport.changed(true);
  };

  // --- models ---------------------------------------------------------------------------------------------------------

  const shelves = new Shelves();
  const gallery = new Gallery(root, models, texts, icons, (name) => {
    if (name === model && name === ready) return;
    const goesOn = demonstration.plays;
    demonstration.stop(true);
    useModel(name, goesOn ? () => demonstrate(name) : undefined);
  });

  function demonstrate(/** @type {string} */ name) {
    const [example] = models[name].examples;
    if (example) demonstration.play(example.image);
  }

  function materials() {
    return models[model].materials.map((set) => set.map(parse));
  }

  async function load(/** @type {{ name: string, image: string }} */ example) {
    put(await (await fetch(example.image)).blob(), example.name, false);
  }

  /** Show what a model takes, and the drawing that is there for it. @param {string} name */
  function fit(name) {
    const next = models[name];
    if (shelves.hand(sheet, models[model], next)) film.clear();
    model = name;
    toolbox.fit(next.palette, next.pen);
    find(root, '.invitation strong').textContent = next.invitation;
    studio.classList.toggle('steady', next.steady);
    gallery.check(name);
    gallery.examples(name, load);
    samples.clear();
    find(root, '.strips').scrollLeft = 0;
  }

  /** The seed that a model begins with: its own, unless somebody chose another. @param {string} name */
  const seedOf = (name) => (look.seed === models[model].seed ? models[name].seed : look.seed);

  let opening = 0;
  let ready = ''; // the last model that opened
  /**
   * @param {string} name
   * @param {() => void} [after] once it is open, instead of sending the drawing that is there
   * @param {() => void} [before] its opening, when its sheet is there
   */
  async function useModel(name, after, before) {
    if (!models[name]) return;
    demonstration.stop(true);
    camera.stop();
    keepResting();
    toolbox.tool?.drop?.(toolbox.work());
    leave();
    const { seed, rate } = look;
    const chosen = seed !== models[model].seed;
    const back = models[ready] ? ready : model;
    const mine = (opening += 1);
    transport.forget();
    look.differ(null);
    look.seed = seedOf(name);
    fit(name);
    before?.();
    picture.empty();
    sheet.show();
    showSheet();
    keep(); // the page may be reloaded before the model is ready
    const card = /** @type {HTMLElement} */ (gallery.find(name));
    card.setAttribute('aria-busy', 'true');
    try {
      const opened = await engine.open(name, (line) => mine === opening && toast(line));
      if (mine !== opening) return;
      ready = name;
      look.trainedAt(opened.rate);
      find(card, 'small').textContent = models[name].code;
      if (after) after();
      else again();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (mine !== opening) return;
      toast(error.message);
      if (!models[back]) return; // it was removed meanwhile
      fit(back);
      look.seed = chosen ? seed : models[back].seed;
      look.differ(rate);
      engine.stay(back);
      sheet.changed('shown');
      keep();
    } finally {
      card.removeAttribute('aria-busy');
    }
  }

  const taught = {
    add(/** @type {string} */ name, /** @type {Model} */ entry) {
      models[name] = entry;
      if (!names.includes(name)) names.push(name);
      gallery.show(name, model);
    },
    remove(/** @type {string} */ name) {
      if (!models[name]) return;
      if (model === name) useModel(names[0]);
      gallery.remove(name);
      names.splice(names.indexOf(name), 1);
      delete models[name];
    },
    use(/** @type {string} */ name) {
      const [example] = models[name]?.examples ?? [];
      useModel(name, example ? () => load(example) : undefined); // one of its own inputs, which undo takes back
    },
  };

  // --- what was drawn before ------------------------------------------------------------------------------------------

  const history = new History(find(root, '#history'), models, texts, (entry) => {
    forgetLink();
    restore(entry);
  });

  /**
   * Put a drawing into the history.
   * @param {Omit<import('./store.js').Work, 'drawing'> & { layers: import('./packing.js').Layers, paper: number, image: string }} done
   *   with the address of its picture
   */
  async function remember({ layers, paper, image, ...work }) {
    keep(); // the work of this tab, with who drew it
    const drawing = await pack(layers);
    const small = enlarged(await decoded(image), 96).toDataURL('image/jpeg', 0.85);
    history.keep({ ...work, drawing, at: Date.now(), picture: small }, layers, paper);
  }

  /** Bring back model, seed and drawing. @param {import('./store.js').Work} work */
  async function restore(work) {
    const layers = await unpack(work.drawing, SIDE * SIDE);
    if (!layers || !models[work.model]) {
      toast(layers ? filled(texts.no_such_model, work) : texts.bad_link);
      return;
    }
    const place = () => {
      sheet.remember();
      sheet.fresh();
      sheet.take(layers);
      look.seed = work.seed;
      look.differ(work.rate ?? null);
      askedOf = work.by ?? null;
    };
    const send = () => sheet.changed('shown');
    demonstration.stop(false);
    bar.drop();
    if (work.model !== model) {
      await useModel(work.model, send, place);
      return;
    }
    place();
    send();
  }

  window.addEventListener('hashchange', () => {
    const link = asked(); // opened in a tab that is on this page already
    const its = link.model ?? model;
    const under = link.seed ?? models[its]?.seed ?? 0;
    if (link.drawing) restore({ ...link, model: its, drawing: link.drawing, seed: under });
    else if (link.model || link.seed !== undefined) useModel(its, () => look.choose(under));
    else return;
    openStudio();
  });

  // --- buttons and keys -----------------------------------------------------------------------------------------------

  let coloured = 0;
  function colourIt() {
    bar.drop();
    if (!sheet.colourIt(look.seed + coloured, materials())) toast(texts.nothing_enclosed);
    coloured += 1;
  }

  find(root, '#share').addEventListener('click', async () => toast(await share(linkTo(await keep()), texts, models[model].weights.startsWith('taught/'))));
  saving(root, { sheet, picture: picture.image, film, texts, toast, title: () => models[model].title });
  remix(root, {
    sheet, engine, models, texts, toast, use: (name) => useModel(name),
    current: () =>
      names.filter((name) => alike(models[name], models[model]) && !models[name].cost).map((name) => ({ name, seed: seedOf(name) })),
  });
  overlay(root, texts, toast);
  guide(root, [...toolbox.tools.map(({ key, label }) => [key.toUpperCase(), label]), ...KEYS]);
  settingsPanel(root);
  const pointer = pointers(root, toolbox);
  const press = (/** @type {string} */ id) => find(root, `#${id === 'dice' && models[model].steady ? 'colour-it' : id}`).click();
  keyboard(root, toolbox, { undo: bar.undo, redo: bar.redo, say, press, busy: pointer.busy });
  menus(root);

  const touched = (/** @type {Event} */ event) => {
    if (event instanceof KeyboardEvent && event.key === 'Tab') return;
    const inside = (/** @type {string} */ part) => find(root, part).contains(/** @type {Node} */ (event.target));
    if (!inside('.cards')) demonstration.stop(inside('.easel'));
  };
  root.addEventListener('pointerdown', touched, { capture: true });
  document.addEventListener('keydown', touched, { capture: true });

  // --- how it begins --------------------------------------------------------------------------------------------------

  const wanted = asked();
  const last = lastWork();
  const first = firstVisit();
  const taughtHere = teaches ? taughtCards(taught).then(() => history.show()) : null;
  const begin = wanted.drawing || wanted.model || wanted.seed !== undefined ? wanted : last ?? {};
  if (begin.model && !models[begin.model]) await Promise.race([taughtHere, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  studio.dataset.state = 'ready';
  if (begin === wanted && begin.model && !models[begin.model]) toast(filled(texts.no_such_model, begin));
  fit(begin.model && models[begin.model] ? begin.model : model);
  look.seed = begin.seed ?? models[model].seed;
  look.differ(begin.rate ?? null);
  askedOf = begin.by ?? null;
  const layers = begin.drawing ? await unpack(begin.drawing, SIDE * SIDE) : null;
  if (begin.drawing && !layers) toast(texts.bad_link);
  if (layers) sheet.take(layers);
  sheet.show();
  showSheet();
  history.show();
  if (server) keepRoom(begin !== wanted);
  const mine = (opening += 1);
  engine.open(model, toast).then(
    (opened) => {
      if (mine !== opening) return;
      ready = model;
      look.trainedAt(opened.rate);
    },
    (error) => toast(error.message),
  );
  if (!sheet.blank) sheet.changed('shown');
  else if (first && begin !== wanted) demonstrate(model);
}
