// The result panel: shows the newest answer of the server, and how long it took.
const picture = element.querySelector('.picture');
const save = element.querySelector('.save');
const waiting = element.querySelector('.waiting');
const note = element.querySelector('.note');
const timing = element.querySelector('.timing');

watch('value', () => {
  if (!props.value) return;
  const answer = JSON.parse(props.value);
  note.textContent = answer.error ?? '';
  if (answer.error) return;
  picture.src = answer.image;
  save.href = answer.image;
  save.hidden = !answer.image.startsWith('data:image/png');  // frames under the pen are not worth keeping
  picture.hidden = false;
  waiting.hidden = true;
  picture.dataset.frame = answer.id;
  const trip = Math.round(performance.now() - answer.sent);
  timing.textContent = `model ${Math.round(answer.ms)} ms · pen to picture ${trip} ms · seed ${answer.seed}`;
});
