// @ts-check
/** What the buttons' pictures draw: strokes on a ground of 24 × 24, made for these pages. */

export const ICONS = {
  announce: 'M8.5 6h.01M8.5 12h.01M8.5 18h.01M15.5 6h.01M15.5 12h.01',
  hold: 'M9 5v14M15 5v14',
  goOn: 'M8 5l11 7-11 7z',
  display: 'M3 18 8 6l5 12M4.7 14h6.6M14.5 18l3.2-8 3.3 8M15.7 15.2h4.1',
  save: 'M12 4v11m-5-5 5 5 5-5M5 20h14',
  fullScreen: 'M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5',
  smallScreen: 'M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5',
  popOut: 'M13 4h7v7M20 4l-9 9M9 5H5a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1v-4',
  live: 'M12 5v13m-6-6 6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
};
