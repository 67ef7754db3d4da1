// A calendar is one stop of the keyboard: arrows move inside of it. Without this script every day is a stop, behind a link that skips them.
for (const grid of document.querySelectorAll('.calendar')) {
  const rows = [...grid.tBodies[0].rows].map(row => [...row.cells].slice(1).map(cell => cell.querySelector('a')));
  const days = rows.flat().filter(Boolean);
  const stop = day => { days.forEach(d => { d.tabIndex = d === day ? 0 : -1; }); };
  if (days.length > 0) stop(days.at(-1));
  grid.addEventListener('focusin', e => { if (days.includes(e.target)) stop(e.target); });
  grid.addEventListener('keydown', e => {
    const [down, right] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[e.key] || [0, 0];
    let row = rows.findIndex(r => r.includes(e.target)), column = row < 0 ? -1 : rows[row].indexOf(e.target);
    if (row < 0 || down === 0 && right === 0) return;
    e.preventDefault();
    do { row += down; column += right; } while (rows[row] && column >= 0 && column < 31 && !rows[row][column]);
    rows[row]?.[column]?.focus();
  });
}
// A list of names is narrowed while somebody types.
for (const box of document.querySelectorAll('input[data-narrows]')) {
  const all = [...document.querySelectorAll(box.dataset.narrows)];
  box.closest('p').hidden = false;
  box.addEventListener('input', () => { for (const one of all) one.hidden = !one.textContent.toLowerCase().includes(box.value.toLowerCase()); });
}
