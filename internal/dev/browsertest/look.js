// What is wrong with this page, as a list of sentences. It is run by tests and never served.
(() => {
  const wrong = [];
  const say = (what, e) => wrong.push(what + ': ' + (e ? e.outerHTML.slice(0, 140) : ''));
  const seen = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.getClientRects().length > 0;

  // Colours: every text against what is painted behind it. WCAG 1.4.3: 4.5 to 1, 3 to 1 for large letters.
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((v, i) => i === 3 ? v / 255 : v);
  };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const behind = e => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const c = rgba(getComputedStyle(at).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((under, c) => over(c, under), rgba('Canvas'));
  };
  const light = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + .05) / (y + .05); };
  const looked = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || looked.has(e) || !seen(e) || e.closest('title, desc, option')) continue;
    looked.add(e);
    const style = getComputedStyle(e), size = parseFloat(style.fontSize) * (e.closest('svg')?.getScreenCTM().a ?? 1);
    const isLarge = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const ground = behind(e.closest('svg') || e);
    const ratio = contrast(over(rgba(e.closest('svg') ? style.fill : style.color), ground), ground);
    if (ratio < (isLarge ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, e);
    if (size < 10) say(`letters of ${size.toFixed(1)} px`, e);
  }
  // WCAG 1.4.11: what carries meaning without being text.
  for (const e of document.querySelectorAll('svg path, svg circle, svg .share rect')) {
    if (!seen(e)) continue;
    const ground = behind(e.closest('svg')), style = getComputedStyle(e);
    const paint = style.stroke !== 'none' ? style.stroke : style.fill;
    if (contrast(over(rgba(paint), ground), ground) < 3) say('a line that is hard to see', e);
  }
  if (looked.size === 0) say('no text at all');

  // Structure.
  if (document.documentElement.lang === '') say('no language');
  if (document.title.trim() === '') say('no title');
  if (document.querySelectorAll('main').length !== 1) say('not one main');
  if (document.querySelectorAll('h1').length !== 1) say('not one h1');
  let level = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const next = +h.tagName[1];
    if (next > level + 1) say(`a heading of level ${next} after one of level ${level}`, h);
    if (!h.textContent.trim()) say('an empty heading', h);
    level = next;
  }
  const ids = new Set();
  for (const e of document.querySelectorAll('[id]')) {
    if (ids.has(e.id)) say('an id that is there twice', e);
    ids.add(e.id);
  }
  for (const e of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(decodeURIComponent(e.getAttribute('href').slice(1)))) say('a link to nowhere', e);
  for (const e of document.querySelectorAll('a[tabindex]:not(.calendar a), button[tabindex], [tabindex]:not([tabindex="0"]):not([tabindex="-1"])')) say('a tab order of its own', e);
  for (const e of document.querySelectorAll('table')) {
    if (!e.querySelector('caption')) say('a table without a caption', e);
    for (const h of e.querySelectorAll('th')) if (!h.scope) say('a heading of a table without a scope', h);
  }
  for (const e of document.querySelectorAll('svg')) {
    const told = (e.getAttribute('aria-describedby') || '').split(' ').map(id => document.getElementById(id)?.textContent).join('') || e.getAttribute('aria-label') || '';
    if (e.getAttribute('aria-hidden') !== 'true' && e.checkVisibility() && told.trim().split(/\s+/).length < 4) say('a picture without words', e);
  }
  for (const e of document.querySelectorAll('[role="img"] a, a a, a button, button a')) say('what can be clicked stands in what cannot hold it', e);
  for (const e of document.querySelectorAll('script:not([src^="/"]), [style], [onclick], iframe')) say('what a strict policy forbids', e);

  // Size. Not innerWidth: a phone shows a page that is too wide from further away, and counts all of it.
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth > width) {
    const out = [...document.querySelectorAll('body *')].find(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.wide'));
    say(`the page is ${document.scrollingElement.scrollWidth} px wide on a screen of ${width}`, out);
  }
  // WCAG 2.5.8: fingers. Links inside of sentences are excused.
  for (const e of document.querySelectorAll('nav a, .calendar a, .steps a, button, select, input')) {
    const box = e.getBoundingClientRect();
    if (seen(e) && e.type !== 'hidden' && (box.height < 24 || box.width < 24)) say(`${box.width} x ${box.height} px are hard to hit`, e);
  }
  return wrong;
})()
