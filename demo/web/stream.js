// A camera's stream in a video.

export class Stream {
  #video;
  #count = 0; // of starts and ends: a camera that is granted after another of them is not used

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
  }

  /**
   * Play a camera in the video.
   * @param {boolean | MediaTrackConstraints} wanted
   * @returns {Promise<boolean>} whether it plays; false if it was closed or opened again meanwhile
   * @throws if there is no camera, or it is refused
   */
  async open(wanted) {
    this.close();
    const mine = this.#count;
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    if (mine !== this.#count) {
      end(stream);
      return false;
    }
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch (error) {
      if (mine !== this.#count) return false;
      this.close();
      throw error;
    }
    return mine === this.#count;
  }

  close() {
    this.#count += 1;
    const stream = /** @type {MediaStream | null} */ (this.#video.srcObject);
    if (stream) end(stream);
    this.#video.srcObject = null;
  }
}

/** @param {MediaStream} stream */
function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}
