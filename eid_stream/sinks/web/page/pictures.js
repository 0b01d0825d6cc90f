// From messages to pictures: H.264 by WebCodecs where the browser has it, motion JPEG elsewhere.

export function canDecodeH264() {
  return "VideoDecoder" in window; // only in secure contexts: https, or http on this machine
}

export class Pictures {
  // onPicture({about, enhanced, original, grid}) gets every complete picture and then owns its frames;
  // onBroken() asks for a picture to begin with.
  constructor({ onPicture, onBroken }) {
    this.onPicture = onPicture;
    this.onBroken = onBroken;
    this.decoders = {};
    this.waiting = new Map();
    this.newest = -1;
  }

  reset() {
    for (const decoder of Object.values(this.decoders)) if (decoder.state !== "closed") decoder.close();
    for (const picture of this.waiting.values()) release(picture);
    this.decoders = {};
    this.waiting.clear();
    this.newest = -1;
  }

  take(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const parts = {};
    let at = 4 + length;
    for (const [name, bytes] of about.parts) {
      parts[name] = new Uint8Array(buffer, at, bytes);
      at += bytes;
    }
    const picture = { about, grid: parts.haze ? { size: about.grid, values: parts.haze } : null };
    const names = Object.keys(parts).filter(name => name !== "haze");
    picture.missing = names.length;
    this.waiting.set(about.number, picture);
    for (const name of names) {
      if (about.codec === "jpeg") this.decodeJpeg(picture, name, parts[name]);
      else this.decodeH264(picture, name, parts[name]);
    }
  }

  decodeH264({ about }, name, data) {
    try {
      const decoder = this.decoder(name, about);
      if (!decoder) return;
      decoder.decode(new EncodedVideoChunk({ type: about.key ? "key" : "delta", timestamp: about.number, data }));
    } catch (error) {
      this.fail(error);
    }
  }

  // A decoder that begins in the middle waits for a key picture.
  decoder(name, about) {
    const known = this.decoders[name];
    if (known && known.state === "configured" && known.codec === about.codec) return known;
    if (!about.key) return null;
    if (known && known.state !== "closed") known.close();
    const decoder = new VideoDecoder({
      output: frame => this.complete(frame.timestamp, name, frame),
      error: error => this.fail(error),
    });
    decoder.configure({ codec: about.codec, optimizeForLatency: true });
    decoder.codec = about.codec;
    return this.decoders[name] = decoder;
  }

  async decodeJpeg(picture, name, data) {
    try {
      this.complete(picture.about.number, name, await createImageBitmap(new Blob([data], { type: "image/jpeg" })));
    } catch (error) {
      this.fail(error);
    }
  }

  complete(number, name, frame) {
    const picture = this.waiting.get(number);
    if (!picture || number <= this.newest) return frame.close();
    picture[name] = frame;
    if (--picture.missing) return;
    this.newest = number;
    for (const [older, left] of this.waiting) {
      if (older > number) continue;
      this.waiting.delete(older);
      if (left !== picture) release(left);
    }
    this.onPicture(picture);
  }

  fail(error) {
    console.warn("decoder:", error);
    this.reset();
    this.onBroken();
  }
}

export function release(picture) {
  picture?.enhanced?.close();
  picture?.original?.close();
}
