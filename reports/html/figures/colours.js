// Colour ramps of the heat map. Lightness rises or falls all the way, so they read without hue as well.

const DARK = window.matchMedia('(prefers-color-scheme: dark)');

// Stops are [position, red, green, blue]; for R the position is log10 R, for the error 0 to 1.
const RAMPS = {
  ratio: {
    light: [[-1, 150, 190, 220], [0, 240, 241, 238], [0.3, 253, 226, 170], [0.6, 245, 165, 80], [1, 213, 94, 0],
      [2, 125, 40, 8], [3, 55, 12, 20]],
    dark: [[-1, 22, 58, 92], [0, 42, 47, 54], [0.3, 96, 70, 26], [0.6, 160, 98, 22], [1, 232, 128, 44],
      [2, 255, 190, 130], [3, 255, 240, 222]],
  },
  rel_l2: {
    light: [[0, 236, 242, 247], [0.5, 90, 150, 195], [1, 8, 38, 84]],
    dark: [[0, 26, 33, 42], [0.5, 45, 105, 155], [1, 205, 232, 255]],
  },
};

function rampStops(measure) {
  return RAMPS[measure === 'rel_l2' ? measure : 'ratio'][DARK.matches ? 'dark' : 'light'];
}

function rampColour(stops, position) {
  if (!(position > stops[0][0])) return stops[0].slice(1);
  const upper = stops.findIndex((stop) => stop[0] >= position);
  if (upper < 0) return stops[stops.length - 1].slice(1);
  const [a, b] = [stops[upper - 1], stops[upper]];
  const share = (position - a[0]) / (b[0] - a[0]);
  return [1, 2, 3].map((channel) => Math.round(a[channel] + share * (b[channel] - a[channel])));
}

// The ramp as a CSS gradient between two positions.
function rampGradient(stops, from, to) {
  const steps = Array.from({ length: 41 }, (_, i) => rampColour(stops, from + (i / 40) * (to - from)));
  return `linear-gradient(90deg, ${steps.map((rgb) => `rgb(${rgb.join(' ')})`).join(', ')})`;
}
