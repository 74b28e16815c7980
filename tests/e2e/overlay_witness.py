"""Watches an overlay from inside the page: what is full must not be touched, nor move.

``WITNESS`` starts it, ``TESTIMONY`` says what it has seen.
"""

from __future__ import annotations

__all__ = ["TESTIMONY", "WITNESS"]

WITNESS = """() => {
  const seen = window.witness = {repainted: 0, moved: 0, shifts: 0, rows: 0, wraps: 0};
  const overlay = document.querySelector('.caption-overlay');
  const strip = document.querySelector('.caption-strip');
  const full = new Map();
  const look = (row) => ({
    text: row.textContent,
    nodes: [...row.querySelectorAll('.caption-committed')].flatMap((span) => [...span.childNodes]),
    place: [row.offsetTop, row.offsetLeft, row.firstElementChild.offsetLeft].join(),
  });
  const rowOf = (node) =>
    (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest('.caption-line');
  new MutationObserver((records) => {
    for (const {type, target, attributeName} of records) {
      const row = rowOf(target);
      const leaves = target === row && attributeName === 'class' && row.matches('.is-gone');
      if (full.has(row) && !leaves) seen.repainted += 1;
    }
    for (const row of strip.children) {
      seen.wraps += row.scrollHeight > row.clientHeight + 1 ? 1 : 0;
      if (!row.matches('.is-closed') || full.has(row)) continue;
      full.set(row, look(row));
      seen.rows += 1;
    }
  }).observe(strip, {subtree: true, childList: true, attributes: true, characterData: true});
  new PerformanceObserver((list) => {
    for (const {sources} of list.getEntries()) {
      const ours = sources.filter(({node}) => node && overlay.contains(node));
      seen.shifts += ours.length;
    }
  }).observe({type: 'layout-shift', buffered: true});
  const check = () => {
    for (const [row, before] of full) {
      if (!row.isConnected) { full.delete(row); continue; }
      const now = look(row);
      const same = now.nodes.every((node, i) => node === before.nodes[i]);
      if (!same || now.text !== before.text) seen.repainted += 1;
      if (now.place !== before.place) seen.moved += 1;
    }
    requestAnimationFrame(check);
  };
  check();
}"""

TESTIMONY = "() => window.witness"
