/** Downloads of what the page made itself. */

/** Hand a file to the browser's downloads. */
export function saveText(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  saveAddress(address, name);
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function saveAddress(address: string, name: string): void {
  const link = document.createElement('a');
  [link.href, link.download] = [address, name.replace(/[\\/]/g, '_')];
  link.click();
}

const STYLES = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'paint-order',
  'font',
  'opacity'
];
const SCALE = 2;

/** Save a drawing as a PNG on the page's ground, with the colours that it has on the page. */
export async function saveDrawing(svg: SVGSVGElement, name: string): Promise<void> {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const copies = copy.querySelectorAll<SVGElement>('*');
  svg.querySelectorAll<SVGElement>('*').forEach((node, i) => {
    const style = getComputedStyle(node);
    STYLES.forEach(property =>
      copies[i].style.setProperty(property, style.getPropertyValue(property))
    );
  });
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(copy.outerHTML)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
  const ink = canvas.getContext('2d')!;
  const paper = getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim();
  ink.fillStyle = paper || 'white';
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.drawImage(image, 0, 0, canvas.width, canvas.height);
  saveAddress(canvas.toDataURL('image/png'), `${name}.png`);
}
