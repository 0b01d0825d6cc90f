// Colours of the haze map: nothing where there is no haze, then blue, violet, orange and yellow as it gets denser.

const STOPS = [[40, 60, 160], [150, 40, 170], [235, 100, 60], [255, 220, 70]];
const MOST_OPAQUE = 190;

export function colourOf(share) {
  const at = Math.min(share, 1) * (STOPS.length - 1);
  const lower = Math.min(Math.floor(at), STOPS.length - 2);
  const [a, b] = [STOPS[lower], STOPS[lower + 1]];
  const mixed = a.map((value, channel) => value + (b[channel] - value) * (at - lower));
  return [...mixed, Math.min(1, 1.6 * share) * MOST_OPAQUE];
}
