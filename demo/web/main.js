// The studio: all parts of the page are created and connected here.

import { find, filled, menus, toaster } from './dom.js';
import { parse } from './colours.js';
import { liveCamera } from './camera.js';
import { Chooser } from './chooser.js';
import { DeviceEngine } from './device.js';
import { ServerEngine, Trouble } from './engines.js';
import { Demonstration, firstVisit } from './invitation.js';
import { Gallery } from './gallery.js';
import { guide } from './guide.js';
import { showEntries } from './history.js';
import { KEYS, keyboard } from './keyboard.js';
import { pack, unpack } from './packing.js';
import { overlay } from './overlay.js';
import { photos } from './photos.js';
import { enlarged, squared } from './pictures.js';
import { pointers } from './pointer.js';
import { remix } from './remix.js';
import { Film } from './replay.js';
import { keepRoom, openStudio } from './rooms.js';
import { LARGEST_SEED, SIDE } from './rules.js';
import { saving } from './saving.js';
import { asked, forgetLink, linkTo, share } from './sharing.js';
import { Sheet } from './sheet.js';
import { keepEntry, keepWork, lastWork } from './store.js';
import { taughtCards } from './teach/cards.js';
import { Toolbox } from './toolbox.js';
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

/** @param {HTMLElement} root @param {Props} props */
export async function start(root, { models, texts, icons, tools, server = true, teaches = false }) {
  const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (find(root, `#${id}`));
  const picture = /** @type {HTMLImageElement} */ (find(root, '#picture'));
  const seedInput = /** @type {HTMLInputElement} */ (find(root, '#seed'));
  const rateInput = /** @type {HTMLInputElement} */ (find(root, '#rate'));
  const sheet = new Sheet(/** @type {HTMLCanvasElement} */ (find(root, '#sheet')));
  const wantedEngine = new URLSearchParams(location.search).get('engine');
  const engine = new Chooser(server ? new ServerEngine() : null, new DeviceEngine(models), texts, wantedEngine);
  const film = new Film();
  const names = Object.keys(models);
  let model = names[0];
  let seed = models[model].seed;
  let rate = /** @type {number | null} */ (null);
  let trainedRate = 0;
  // Device and server may differ by one level, so a picture that comes back is asked of whoever drew it before.
  let drawnBy = /** @type {import('./engines.js').Computer | null} */ (null);
  let askedOf = /** @type {import('./engines.js').Computer | null} */ (null);

  const toast = toaster(find(root, '.toast'));
  const say = (/** @type {string} */ words) => (find(root, '.said').textContent = words);

  // --- the drawing and its picture ------------------------------------------------------------------------------------

  const toolbox = new Toolbox(root, sheet, icons, (words) => { say(words); });
  const loaded = await Promise.all(tools.map((name) => import(`./tools/${name}`)));
  toolbox.use(loaded.map((module) => module.default).filter((tool) => tool));
  const demonstration = new Demonstration(sheet);
  const { put, leave } = photos(root, sheet, engine, texts, toast, () => demonstration.stop(false));
  overlay(root, texts, toast);
  const transport = new Transport(engine, sheet, () => ({ model, seed, rate, by: askedOf }));
  let resting = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  const showSheet = () => {
    button('undo').disabled = !sheet.done.length;
    button('redo').disabled = !sheet.undone.length;
    const invitation = find(root, '.invitation');
    invitation.hidden = !sheet.blank || demonstration.plays;
    invitation.classList.toggle('on-paint', sheet.kind === 'labels');
    if (sheet.blank) {
      picture.dataset.blank = 'true';
      picture.dataset.final = 'false';
    }
    samples.mark();
  };

  const keep = async () => {
    const work = { model, seed, rate, by: drawnBy, drawing: await pack(sheet.copy()) };
    keepWork(work);
    return work;
  };

  sheet.onChange((change) => {
    showSheet();
    if (change !== 'shown') {
      samples.hideUnsure();
      askedOf = null;
      forgetLink();
    }
    drawnBy = null;
    if (sheet.blank) film.clear();
    picture.dataset.final = 'false';
    transport.changed(change !== 'moving');
    sheet.canvas.dataset.frame = String(transport.frames);
    if (change !== 'moving') keep();
  });

  transport.onPicture = ({ image, final, frame, sent, ms, model: itsModel, seed: itsSeed, by }) => {
    if (sheet.blank || itsModel !== model) return;
    const last = final && frame === transport.frames && !(askedOf === 'device' && by === 'server' && engine.awaits(model));
    if (last) drawnBy = by;
    picture.src = image;
    picture.dataset.frame = String(frame);
    picture.dataset.final = String(last);
    picture.dataset.blank = 'false';
    film.note(sheet.png(), image);
    document.dispatchEvent(new CustomEvent('pix2pix:translated', { detail: { final, sent, ms } }));
    clearTimeout(resting);
    if (final && !demonstration.plays) resting = setTimeout(() => remember(image, itsModel, itsSeed), REST);
  };

  engine.onLoaded = (name) => {
    if (name === model && askedOf === 'device' && drawnBy === null) transport.changed(true);
  };

  const frame = find(root, '.state');
  transport.onState = (state) => {
    frame.dataset.name = state.name;
    frame.textContent =
      state.name === 'failed' ? state.sentence : state.name === 'ready' ? '' : filled(texts[state.name], state);
    sheet.canvas.dataset.frame = String(transport.frames);
  };

  const place = find(root, '.place');
  const camera = liveCamera(root, sheet, texts, toast);
  let told = '';
  engine.onPlace = ({ name, alone, loading, reason }) => {
    place.dataset.place = name;
    camera.offer(name === 'device' && loading === null);
    place.textContent =
      loading !== null ? filled(texts.place_loading, { percent: Math.round(100 * loading) }) : texts[alone && name === 'device' && server ? 'place_alone' : `place_${name}`];
    place.title = reason && filled(texts.no_device, { reason });
    if (reason && reason !== told && server) toast(filled(texts.no_device, { reason }));
    told = reason;
  };

  // --- look: seed and how different -----------------------------------------------------------------------------------

  const again = () => {
    samples.hideUnsure();
    forgetLink();
    [drawnBy, askedOf] = [null, null];
    picture.dataset.final = 'false';
    transport.changed(true);
    sheet.canvas.dataset.frame = String(transport.frames);
    samples.mark();
    keep();
  };
  const look = (/** @type {number} */ value, send = true) => {
    seed = Math.max(0, Math.min(LARGEST_SEED, Math.floor(value) || 0));
    seedInput.value = String(seed);
    if (send) again();
  };
  const differ = (/** @type {number | null} */ value) => {
    rate = value;
    rateInput.value = String(rate ?? trainedRate);
  };
  seedInput.addEventListener('change', () => look(Number(seedInput.value)));
  button('dice').addEventListener('click', () => look(Math.floor(Math.random() * 1e6)));
  rateInput.addEventListener('change', () => {
    rate = Number(rateInput.value);
    again();
  });

  const materials = () => models[model].materials.map((set) => set.map(parse));
  const samples = variations(root, {
    sheet, picture, engine, texts, toast,
    current: () => ({ model, seed, rate, steady: models[model].steady }), materials,
    adopt: (under) => look(under),
  });

  // --- models ---------------------------------------------------------------------------------------------------------

  /** @type {Map<string, { done: any[], undone: any[], layers: import('./packing.js').Layers }>} */
  const shelves = new Map();
  const shelf = (/** @type {Model} */ { palette }) => (palette ? palette.map(([, value]) => value).join(' ') : 'lines');
  const demonstrate = (/** @type {string} */ name) => {
    const [example] = models[name].examples;
    if (example) demonstration.play(example.image);
  };
  const gallery = new Gallery(root, models, texts, icons, (name) => {
    const goesOn = demonstration.plays;
    demonstration.stop(true);
    useModel(name, goesOn ? () => demonstrate(name) : undefined);
  });

  const load = async (/** @type {{ name: string, image: string }} */ example) =>
    put(await (await fetch(example.image)).blob(), example.name, false);
  const fit = (/** @type {string} */ name) => {
    const next = models[name];
    shelves.set(shelf(models[model]), { done: sheet.done, undone: sheet.undone, layers: sheet.copy() });
    const same = shelf(models[model]) === shelf(next);
    model = name;
    sheet.kind = next.input;
    sheet.palette = next.palette?.map(([, value]) => parse(value)) ?? [];
    sheet.paper = parse(next.ground);
    if (!same) {
      const mine = shelves.get(shelf(next));
      [sheet.done, sheet.undone] = [mine?.done ?? [], mine?.undone ?? []];
      if (mine) sheet.take(mine.layers);
      else sheet.wipe();
      sheet.onFresh();
      film.clear();
    }
    toolbox.fit(next.palette, next.pen);
    find(root, '.invitation strong').textContent = next.invitation;
    find(root, '.studio').classList.toggle('steady', next.steady);
    gallery.check(name);
    gallery.examples(name, load);
    samples.clear();
    find(root, '.strips').scrollLeft = 0;
  };

  let opening = 0;
  /** @param {string} name @param {() => void} [after] instead of sending the drawing that is there */
  const useModel = async (name, after) => {
    if (!models[name]) return;
    demonstration.stop(true);
    toolbox.tool?.drop?.(toolbox.work());
    leave();
    const before = model;
    const own = seed === models[before].seed; // nobody chose another: the next model begins with its own
    const mine = (opening += 1);
    transport.forget();
    differ(null);
    fit(name);
    if (own) look(models[name].seed, false);
    picture.dataset.blank = 'true';
    sheet.show();
    showSheet();
    const card = /** @type {HTMLElement} */ (gallery.find(name));
    card.setAttribute('aria-busy', 'true');
    try {
      const opened = await engine.open(name, (line) => mine === opening && toast(line));
      if (mine !== opening) return;
      trainedRate = opened.rate;
      differ(null);
      find(card, 'small').textContent = models[name].code;
      if (after) after();
      else again();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (mine !== opening) return;
      toast(error.message);
      fit(before);
      if (own) look(models[before].seed, false);
      sheet.changed('shown');
    } finally {
      card.removeAttribute('aria-busy');
    }
  };

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
    use: (/** @type {string} */ name) => useModel(name),
  };

  // --- history ---------------------------------------------------------------------------------------------

  const showHistory = () => showEntries(find(root, '#history'), models, texts, (entry) => {
    forgetLink();
    restore(entry);
  });
  const remember = async (/** @type {string} */ image, /** @type {string} */ by, /** @type {number} */ under) => {
    if (by !== model || under !== seed || picture.src !== image) return;
    const small = enlarged(picture, 96).toDataURL('image/jpeg', 0.85);
    keepEntry({ ...(await keep()), at: Date.now(), picture: small });
    showHistory();
  };
  window.addEventListener('storage', showHistory);
  window.addEventListener('hashchange', () => {
    const link = asked(); // opened in a tab that is on this page already
    const its = link.model ?? model;
    const under = link.seed ?? models[its]?.seed ?? 0;
    if (link.drawing) restore({ ...link, model: its, drawing: link.drawing, seed: under });
    else if (link.model || link.seed !== undefined) useModel(its, () => look(under));
    else return;
    openStudio();
  });

  /** Bring back model, seed and drawing. @param {import('./store.js').Work} work */
  const restore = async (work) => {
    const layers = await unpack(work.drawing, SIDE * SIDE);
    if (!layers || !models[work.model]) {
      toast(texts.bad_link);
      return;
    }
    const bring = () => {
      sheet.remember();
      sheet.take(layers);
      sheet.onFresh();
      look(work.seed, false);
      differ(work.rate ?? null);
      askedOf = work.by ?? null;
      sheet.changed('shown');
    };
    leave();
    demonstration.stop(false);
    toolbox.tool?.drop?.(toolbox.work());
    if (work.model === model) bring();
    else await useModel(work.model, bring);
  };

  // --- the bars -----------------------------------------------------------------------------------------------------------

  const undo = () => {
    leave();
    if (!toolbox.tool?.undo?.(toolbox.work())) sheet.undo();
  };
  const redo = () => {
    leave();
    toolbox.tool?.drop?.(toolbox.work());
    sheet.redo();
  };
  button('undo').addEventListener('click', undo);
  button('redo').addEventListener('click', redo);
  button('clear').addEventListener('click', () => {
    leave();
    toolbox.tool?.drop?.(toolbox.work());
    sheet.clear();
  });
  button('mirror').addEventListener('click', () => {
    sheet.mirror = !sheet.mirror;
    button('mirror').setAttribute('aria-pressed', String(sheet.mirror));
    find(root, '.easel').toggleAttribute('data-mirror', sheet.mirror);
  });
  let coloured = 0;
  button('colour-it').addEventListener('click', () => {
    if (!sheet.colourIt(seed + coloured, materials())) toast(texts.nothing_enclosed);
    coloured += 1;
  });

  button('share').addEventListener('click', async () => toast(await share(linkTo(await keep()), texts)));
  saving(root, { sheet, picture, film, texts, toast, title: () => models[model].title });
  remix(root, {
    sheet, engine, models, texts, toast, use: (name) => useModel(name),
    current: () => ({ names: names.filter((name) => shelf(models[name]) === shelf(models[model]) && !models[name].cost), seed }),
  });

  guide(root, [...toolbox.tools.map(({ key, label }) => [key.toUpperCase(), label]), ...KEYS]);

  // The eyedropper also works on the picture.
  picture.addEventListener('pointerdown', (event) => {
    if (toolbox.tool?.name !== 'picker' || picture.dataset.blank === 'true') return;
    const box = picture.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor((at * SIDE) / box.width));
    const { data } = squared(picture, SIDE, '#ffffff', false);
    const at = 4 * (y * SIDE + x);
    toolbox.work().pick((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  });

  // On upright screens, the sliders have their own panel.
  const showSettings = (/** @type {boolean} */ open) => {
    button('settings').setAttribute('aria-expanded', String(open));
    find(root, '.studio').classList.toggle('settings', open);
  };
  button('settings').addEventListener('click', () => showSettings(button('settings').getAttribute('aria-expanded') !== 'true'));
  root.addEventListener('pointerdown', ({ target }) => {
    if (!(/** @type {Element} */ (target).closest('#settings, .size, .look'))) showSettings(false);
  });

  const pointer = pointers(root, toolbox);
  keyboard(root, toolbox, { undo, redo, say, press: (id) => button(id === 'dice' && models[model].steady ? 'colour-it' : id).click(), busy: pointer.busy });
  menus(root);

  // --- how it begins --------------------------------------------------------------------------------------------------------

  const touched = (/** @type {Event} */ event) => {
    if (event instanceof KeyboardEvent && event.key === 'Tab') return;
    const inside = (/** @type {string} */ part) => find(root, part).contains(/** @type {Node} */ (event.target));
    if (!inside('.cards')) demonstration.stop(inside('.easel'));
  };
  root.addEventListener('pointerdown', touched, { capture: true });
  document.addEventListener('keydown', touched, { capture: true });

  const wanted = asked();
  const kept = lastWork();
  const first = firstVisit();
  find(root, '.studio').dataset.state = 'ready';
  const begin = wanted.drawing || wanted.model || wanted.seed !== undefined ? wanted : kept ?? {};
  fit(begin.model && models[begin.model] ? begin.model : model);
  look(begin.seed ?? models[model].seed, false);
  differ(begin.rate ?? null);
  askedOf = begin.by ?? null;
  const layers = begin.drawing ? await unpack(begin.drawing, SIDE * SIDE) : null;
  if (begin.drawing && !layers) toast(texts.bad_link);
  if (layers) sheet.take(layers);
  sheet.show();
  showSheet();
  showHistory();
  if (teaches) taughtCards(taught);
  if (server) keepRoom(begin !== wanted);
  const mine = (opening += 1);
  engine.open(model, toast).then(
    (opened) => {
      if (mine !== opening) return;
      trainedRate = opened.rate;
      differ(rate);
    },
    (error) => toast(error.message),
  );
  if (!sheet.blank) sheet.changed('shown');
  else if (first && begin !== wanted) demonstrate(model);
}

