// The tab Teach: pairs in, a run to watch, a model out. The server keeps everything; the page shows it.

import { ask } from '../channels.js';
import { filled, find, radioGroup, toaster } from '../dom.js';
import { Trouble } from '../engines.js';
import { UNTIL_STOPPED } from '../rules.js';
import { drawWith, hello, keepDraft, lastDraft, note, tell, translateWith } from './cards.js';
import { filesOf, send } from './files.js';
import { Watch } from './watch.js';

/** @typedef {import('./cards.js').Brief} Brief */
/** @typedef {{ pair: string, name: string, a: string, b: string }} Pair */

const LOOK = 2000; // ms between two looks at a run
const LONG = 400; // seconds that reading pictures, or an upload, may take

/** @param {string} what @param {Record<string, unknown>} [more] @param {string} [channel] */
async function desk(what, more = {}, channel = 'teach') {
  const patience = channel === 'teach-add' || what === 'push' ? LONG : undefined;
  const answer = await ask(channel, { do: what, ...more }, { patience });
  if (answer.error) throw new Trouble(answer.error);
  return answer;
}

/** @param {HTMLElement} root @param {{ texts: Record<string, string>, icons: Record<string, string> }} props */
export async function start(root, { texts, icons }) {
  const button = (/** @type {string} */ name) => /** @type {HTMLButtonElement} */ (find(root, `[data-${name}]`));
  const teach = find(root, '.teach');
  const prepare = find(root, '.prepare');
  const watch = new Watch(find(root, '.watch'), texts);

  const toast = toaster(find(root, '.toast'));
  /** Do something, and say so if it cannot be done. @param {() => Promise<unknown>} deed */
  const attempt = async (deed) => {
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      toast(error.message);
    }
  };

  const { terms, inits, runs: found, kept } = await hello();
  let runs = /** @type {Brief[]} */ (found);
  let draft = ''; // the run whose pairs are being gathered
  let watched = ''; // the run that is shown
  let kind = '';
  const usual = Math.min(3, terms.minutes);
  let minutes = /** @type {number | 'until stopped'} */ (usual);
  if (kept) {
    const words = find(root, '.kept');
    words.textContent = filled(texts.kept, { hours: kept });
    words.hidden = false;
  }

  // --- the runs ---------------------------------------------------------------------------------------------------------

  const stateOf = (/** @type {Brief} */ run) =>
    run.stopping ? texts.state_stopping : run.state === 'queued' && run.ahead ? filled(texts.ahead, { count: run.ahead }) : texts[`state_${run.state}`];
  const showRuns = () => {
    find(root, '.list').replaceChildren(
      ...runs.map((run) => {
        const each = document.createElement('button');
        each.type = 'button';
        each.dataset.run = run.run;
        each.setAttribute('aria-current', String(run.run === watched));
        each.innerHTML = `${run.card?.preview ? '<img alt="">' : `<span class="blank">${icons.sparkles}</span>`}<span><b></b><small></small></span>`;
        if (run.card?.preview) /** @type {HTMLImageElement} */ (find(each, 'img')).src = run.card.preview;
        find(each, 'b').textContent = run.name;
        find(each, 'small').textContent = stateOf(run);
        each.addEventListener('click', () => show(run.run));
        return each;
      }),
    );
  };
  const keep = (/** @type {Brief} */ brief) => {
    const at = runs.findIndex((run) => run.run === brief.run);
    const before = runs[at];
    if (at < 0) runs = [brief, ...runs];
    else runs[at] = brief;
    if (brief.card && before?.card?.weights !== brief.card.weights) tell(brief);
    showRuns();
  };
  /** @param {string} run "" for the pairs of a new one */
  const show = (run) => {
    watched = run;
    prepare.hidden = Boolean(run);
    watch.root.hidden = !run;
    watch.clear();
    showRuns();
    if (run) look();
  };

  const forgetRun = (/** @type {string} */ run) => {
    note(run, false);
    tell(/** @type {Brief} */ ({ run, state: 'draft', card: null }));
    runs = runs.filter((each) => each.run !== run);
    if (run === watched) show('');
    else showRuns();
  };

  let looking = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  const look = async () => {
    clearTimeout(looking);
    const run = watched;
    if (!run) return;
    if (root.getClientRects().length) {
      await attempt(async () => {
        const status = await desk('status', { run });
        if (status.gone) {
          toast(texts.run_gone);
          forgetRun(run);
        }
        if (run !== watched) return;
        keep(status);
        watch.show(status);
      });
    }
    const state = runs.find((each) => each.run === run)?.state;
    if (run === watched && (state === 'queued' || state === 'running')) looking = setTimeout(look, LOOK);
  };
  document.addEventListener('visibilitychange', () => document.hidden || look());

  button('new').addEventListener('click', () => {
    show('');
    find(root, '.prepare').scrollIntoView({ block: 'nearest' });
  });
  button('draw').addEventListener('click', () => drawWith(watched));
  button('pictures').addEventListener('click', () => translateWith(watched, texts.pictures_room));
  const deed = (/** @type {string} */ what, /** @type {Record<string, unknown>} */ more = {}) =>
    attempt(async () => {
      keep(await desk(what, { run: watched, ...more }));
      look();
    });
  button('stop').addEventListener('click', () => deed('stop'));
  button('revise').addEventListener('click', () =>
    (!count || confirm(texts.revise_sure)) &&
    attempt(async () => {
      const run = watched;
      const called = runs.find((each) => each.run === run)?.name ?? '';
      const answer = await desk('revise', { run });
      forgetRun(run);
      draft = '';
      faults.replaceChildren();
      gathered(answer);
      name.value = called;
    }),
  );
  button('again').addEventListener('click', () => deed('more', { minutes: 3 }));
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-more]'))) {
    each.addEventListener('click', () => deed('more', { minutes: Number(each.dataset.more) }));
  }
  button('forget').addEventListener('click', () =>
    confirm(texts.forget_sure) &&
    attempt(async () => {
      const run = watched;
      await desk('forget', { run });
      forgetRun(run);
    }),
  );

  const hub = /** @type {HTMLDialogElement} */ (find(root, '.hub'));
  const token = /** @type {HTMLInputElement} */ (find(hub, '[data-token]'));
  const answer = find(hub, '.answer');
  button('push').addEventListener('click', () => hub.showModal());
  hub.addEventListener('close', () => { token.value = answer.textContent = ''; });
  button('upload').addEventListener('click', async () => {
    button('upload').disabled = true;
    answer.textContent = texts.pushing;
    try {
      const { address } = await desk('push', { run: watched, repo: /** @type {HTMLInputElement} */ (find(hub, '[data-repo]')).value, token: token.value });
      answer.textContent = filled(texts.pushed, { address });
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      answer.textContent = error.message;
    }
    token.value = '';
    button('upload').disabled = false;
  });

  // --- the pairs of a new run -------------------------------------------------------------------------------------------

  let count = 0;
  const rows = find(root, '.rows');
  const faults = find(root, '.faults');
  const showCount = () => {
    find(root, '.head-of-pairs').hidden = find(root, '.how').hidden = !count;
    find(root, '.head-of-pairs h3').textContent = filled(count === 1 ? texts.count_one : texts.count, { count });
    button('start').disabled = count < terms.fewest;
    find(root, '.few').textContent = filled(texts.few, terms);
    find(root, '.few').hidden = count >= terms.fewest;
  };
  const addFaults = (/** @type {string[]} */ sentences) =>
    faults.append(
      ...sentences.map((words) => {
        const each = document.createElement('li');
        each.textContent = words;
        return each;
      }),
    );
  const busy = (/** @type {string} */ words) => {
    const place = find(root, '.busy');
    place.textContent = words;
    place.hidden = !words;
  };
  /** @param {Pair} pair */
  const rowOf = ({ pair, name, a, b }) => {
    const row = document.createElement('div');
    row.className = 'pair';
    row.innerHTML = `<div class="two"><img><img></div><div class="foot"><span></span>
      <button type="button">${icons['arrow-left-right']}</button><button type="button">${icons.x}</button></div>`;
    const pictures = /** @type {HTMLImageElement[]} */ ([...row.querySelectorAll('img')]);
    [pictures[0].src, pictures[1].src] = [a, b];
    [pictures[0].alt, pictures[1].alt] = [filled(texts.input_of, { name }), filled(texts.target_of, { name })];
    find(row, 'span').textContent = find(row, 'span').title = name;
    const [flip, remove] = row.querySelectorAll('button');
    flip.title = filled(texts.flip, { name });
    remove.title = filled(texts.remove, { name });
    for (const each of [flip, remove]) each.setAttribute('aria-label', each.title);
    flip.addEventListener('click', () =>
      attempt(async () => {
        await desk('flip', { run: draft, pair });
        turn(row);
      }),
    );
    remove.addEventListener('click', () =>
      attempt(async () => {
        ({ count } = await desk('remove', { run: draft, pair }));
        row.remove();
        showCount();
      }),
    );
    return row;
  };
  const turn = (/** @type {Element} */ row) => {
    const [a, b] = /** @type {HTMLImageElement[]} */ ([...row.querySelectorAll('img')]);
    [a.src, b.src] = [b.src, a.src];
  };
  button('flip-all').addEventListener('click', () =>
    attempt(async () => {
      await desk('flip', { run: draft });
      for (const row of rows.children) turn(row);
    }),
  );

  /** Show the pairs that the server has. @param {{ run: string, pairs: Pair[], faults: string[], count: number, init: string }} answer */
  const gathered = ({ run, pairs, faults, count: all, init: suited }) => {
    addFaults(faults);
    if (!run) return;
    if (run !== draft) rows.replaceChildren(); // the server removed the run from before
    draft = run;
    keepDraft(draft);
    count = all;
    if (!chosen) init.value = suited;
    rows.append(...pairs.map(rowOf));
    showCount();
  };

  let work = Promise.resolve();
  /** @param {import('./files.js').Dropped[]} files @param {string} as */
  const add = (files, as = kind) => {
    if (!files.length) return;
    work = work.then(() =>
      attempt(async () => {
        try {
          busy(filled(texts.sending, { sent: 0, count: files.length }));
          const { sent, lost } = await send(files, (done) => busy(filled(texts.sending, { sent: done, count: files.length })));
          addFaults(lost);
          if (!sent.length) return;
          busy(texts.reading);
          gathered(await desk('add', { run: draft, kind: as, files: sent }, 'teach-add'));
        } finally {
          busy('');
        }
      }),
    );
  };

  const kinds = radioGroup(find(root, '.kinds'), (each) => setKind(each.dataset.kind ?? ''));
  // Two groups wait for each other: what is dropped in one zone is sent with what is dropped in the other.
  let groups = /** @type {Record<string, import('./files.js').Dropped[]>} */ ({ a: [], b: [] });
  const setKind = (/** @type {string} */ value) => {
    if (count && value !== kind) toast(texts.kind_later);
    kind = value;
    kinds.check((each) => each.dataset.kind === value);
    groups = { a: [], b: [] };
    for (const zone of zones) zone.hidden = (kind === 'groups') !== Boolean(zone.dataset.group);
    showGroups();
  };
  const showGroups = () => {
    for (const zone of zones) {
      const waiting = groups[zone.dataset.group ?? '']?.length;
      zone.toggleAttribute('data-waiting', Boolean(waiting));
      if (zone.dataset.group) find(zone, 'span').textContent = waiting ? filled(texts.waiting, { count: waiting }) : texts[`drop_${zone.dataset.group}_more`];
    }
  };
  const take = (/** @type {import('./files.js').Dropped[]} */ files, /** @type {string} */ group) => {
    if (!group) {
      add(files);
      return;
    }
    groups[group].push(...files);
    showGroups();
    if (groups.a.length && groups.b.length) {
      add([...groups.a, ...groups.b]);
      groups = { a: [], b: [] };
      showGroups();
    }
  };
  const zones = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('.zone')]);
  const input = /** @type {HTMLInputElement} */ (find(root, '[data-files]'));
  let into = '';
  for (const zone of zones) {
    const group = zone.dataset.group ?? '';
    find(zone, 'button').addEventListener('click', () => {
      into = group;
      input.click();
    });
    zone.addEventListener('dragover', (event) => {
      event.preventDefault();
      zone.classList.add('over');
    });
    zone.addEventListener('dragleave', () => zone.classList.remove('over'));
    zone.addEventListener('drop', async (event) => {
      event.preventDefault();
      zone.classList.remove('over');
      if (event.dataTransfer) take(await filesOf(event.dataTransfer, group), group);
    });
  }
  // A drop beside the zones must not open the picture in place of the page.
  teach.addEventListener('dragover', (event) => event.preventDefault());
  teach.addEventListener('drop', (event) => event.preventDefault());
  input.addEventListener('change', () => {
    take([...(input.files ?? [])].map((file) => ({ file, name: file.name, group: into })), into);
    input.value = '';
  });

  // A pair drawn on the page: the studio's sheet, and then a picture from a file or the sheet again.
  const target = /** @type {HTMLInputElement} */ (find(root, '[data-target]'));
  const held = find(root, '.held');
  const heldInput = /** @type {HTMLImageElement} */ (find(held, 'img'));
  let drawings = 0;
  const sheet = () => {
    const canvas = /** @type {HTMLCanvasElement | null} */ (document.querySelector('#sheet'));
    const blank = canvas?.dataset.blank !== 'false';
    if (blank) toast(texts.held_blank);
    return canvas && !blank ? canvas.toDataURL() : '';
  };
  const hold = (/** @type {string} */ drawing) => {
    heldInput.src = drawing;
    held.hidden = !drawing;
  };
  /** @param {Blob} file @param {string} ending of its name */
  const addHeld = async (file, ending) => {
    const name = `${texts.drawing} ${(drawings += 1)}`;
    const drawing = await (await fetch(heldInput.src)).blob();
    hold('');
    add([
      { file: new File([drawing], `${name}.png`), name: `${name}.png`, group: 'a' },
      { file: new File([file], `${name}.${ending}`), name: `${name}.${ending}`, group: 'b' },
    ], 'groups');
  };
  button('drawn').addEventListener('click', () => hold(sheet()));
  button('held-drop').addEventListener('click', () => hold(''));
  button('held-file').addEventListener('click', () => target.click());
  target.addEventListener('change', () => {
    const file = target.files?.[0];
    target.value = '';
    if (file) addHeld(file, file.name.split('.').pop() ?? '');
  });
  button('held-sheet').addEventListener('click', async () => {
    const drawing = sheet();
    if (drawing === heldInput.src) toast(texts.held_same);
    else if (drawing) addHeld(await (await fetch(drawing)).blob(), 'png');
  });

  // --- how it learns ----------------------------------------------------------------------------------------------------

  const init = /** @type {HTMLSelectElement} */ (find(root, '[data-init]'));
  init.append(
    ...[...inits, { name: '', title: texts.scratch }].map(({ name, title }) => new Option(title, name)),
  );
  let chosen = false;
  init.addEventListener('change', () => { chosen = true; });
  const lengths = /** @type {(number | 'until stopped')[]} */ ([3, 10, 30].filter((each) => each <= terms.minutes));
  if (terms.minutes >= UNTIL_STOPPED) lengths.push('until stopped');
  const times = radioGroup(find(root, '.minutes'), (each) => setMinutes(each.dataset.minutes === 'until stopped' ? 'until stopped' : Number(each.dataset.minutes)));
  find(root, '.minutes').replaceChildren(
    ...lengths.map((length) => {
      const each = document.createElement('button');
      each.type = 'button';
      each.dataset.minutes = String(length);
      each.textContent = length === 'until stopped' ? texts.until_stopped : filled(texts.some_minutes, { count: length });
      return each;
    }),
  );
  const setMinutes = (/** @type {number | 'until stopped'} */ value) => {
    minutes = value;
    times.check((each) => each.dataset.minutes === String(value));
  };
  const name = /** @type {HTMLInputElement} */ (find(root, '[data-name]'));
  button('start').addEventListener('click', () =>
    attempt(async () => {
      const brief = await desk('start', { run: draft, name: name.value.trim() || texts.name_example, init: init.value, minutes });
      note(brief.run);
      keep(brief);
      draft = '';
      keepDraft('');
      count = 0;
      name.value = '';
      setMinutes(usual);
      rows.replaceChildren();
      faults.replaceChildren();
      showCount();
      show(brief.run);
    }),
  );

  setKind('');
  setMinutes(minutes);
  showCount();
  const active = runs.find(({ state }) => state === 'running') ?? runs.find(({ state }) => state === 'queued');
  show(active?.run ?? '');
  teach.dataset.state = 'ready';
  const before = lastDraft();
  if (before) attempt(async () => gathered(await desk('pairs', { run: before })));
}
