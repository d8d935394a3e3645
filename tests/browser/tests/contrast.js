// Texts whose contrast with what is behind them is below 4.5, as [text, ratio].
(() => {
  const channels = (color) => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const over = (front, back) => front.slice(0, 3).map((c, i) => c * front[3] + back[i] * (1 - front[3]));
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.push(channels(getComputedStyle(each).backgroundColor));
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => {
      const part = c / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const back = behind(element);
    const color = channels(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [one, other] = [luminance(over(color, back)), luminance(back)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found.push([text, ratio]);
  }
  if (seen < 10) found.push(["only so many texts", seen]);
  return found;
})()
