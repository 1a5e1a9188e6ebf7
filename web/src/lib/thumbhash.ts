// The blurred placeholder of a picture, painted from its thumbhash into a canvas (the content security policy allows no
// data: address, and a canvas needs none).
import { thumbHashToRGBA } from 'thumbhash'

// An attachment for a <canvas>; a broken hash leaves the canvas empty.
export function paintThumbhash(base64: string | null): (canvas: HTMLCanvasElement) => void {
  return (canvas) => {
    if (!base64) return
    const picture = decode(base64)
    const context = canvas.getContext('2d')
    if (!picture || !context) return
    canvas.width = picture.width
    canvas.height = picture.height
    context.putImageData(picture, 0, 0)
  }
}

function decode(base64: string): ImageData | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const { w, h, rgba } = thumbHashToRGBA(bytes)
    return new ImageData(new Uint8ClampedArray(rgba), w, h)
  } catch {
    return null
  }
}
