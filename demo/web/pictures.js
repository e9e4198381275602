// Pictures drawn on new canvases: squared, enlarged, and side by side on a card.

/**
 * A picture's pixels in the middle of a square.
 * @param {CanvasImageSource & { width: number, height: number }} picture @param {number} side
 * @param {string} paper @param {boolean} smooth
 */
export function squared(picture, side, paper, smooth) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = paper;
  context.fillRect(0, 0, side, side);
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = 'high';
  const scale = side / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
  return context.getImageData(0, 0, side, side);
}

/** @param {CanvasImageSource} picture @param {number} side @param {boolean} [smooth] */
export function enlarged(picture, side, smooth = true) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, side, side);
  return canvas;
}

/**
 * Drawing and picture side by side, with a small name.
 * @param {HTMLCanvasElement} canvas @param {CanvasImageSource} drawing @param {CanvasImageSource} picture
 * @param {string} name
 */
export function card(canvas, drawing, picture, name) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const side = canvas.width / 2;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(drawing, 0, 0, side, side);
  context.drawImage(picture, side, 0, side, side);
  context.fillStyle = '#5b6070';
  context.font = `${Math.round(side / 28)}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  context.fillText(name, side / 24, (side + canvas.height) / 2);
}

/** @param {string} url */
export async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
