// Paints a landscape out of nothing; runs in the page, so that it may use nothing from outside its one function. Motif,
// shapes and light follow from the seed.

export interface Landscape {
  seed: number
  width: number
  height: number
}

// Base64 of a JPEG.
export async function paintLandscape({ seed, width, height }: Landscape): Promise<string> {
  type Light = { sky: string[]; ridges: string[]; sun: string | null; snow: string | null; stars?: boolean }
  const LIGHTS: Record<string, Light> = {
    noon: { sky: ['#3f7fc1', '#8fbce3', '#dcebf5'], ridges: ['#9fb9d3', '#7391ae', '#4c6a72', '#2d4a3e'], sun: null, snow: '#fbfdff' },
    dusk: { sky: ['#2c3566', '#b5587a', '#f6a55f', '#fddc9a'], ridges: ['#b0687f', '#7d466e', '#4a2c55', '#221735'], sun: '#fff1c4', snow: '#ffd3bd' },
    fog: { sky: ['#b9c7cf', '#dfe6e8', '#f1f1ec'], ridges: ['#c4d0d4', '#9fb0b4', '#6d8486', '#39504e'], sun: null, snow: null },
    larch: { sky: ['#4d8fcf', '#a9d0ec', '#f3e6c8'], ridges: ['#a9bccb', '#8d8f86', '#b0742f', '#6b3f1c'], sun: null, snow: '#ffffff' },
    night: { sky: ['#060b1d', '#13234a', '#38547f'], ridges: ['#2c4269', '#1c2c4c', '#101c33', '#070d1a'], sun: '#f5f2df', snow: '#8fa5cc', stars: true },
    dawn: { sky: ['#5d7fb5', '#c6b3cf', '#f8cfc0', '#fff0da'], ridges: ['#a99bbd', '#7f7ba6', '#51598a', '#2b3560'], sun: '#fff6e0', snow: '#ffe6e0' },
    spring: { sky: ['#5aa0d8', '#b3d9f0', '#eef6ee'], ridges: ['#a8c3cf', '#79a08f', '#5f9556', '#3c7337'], sun: null, snow: '#fdffff' },
  }
  const names = Object.keys(LIGHTS)
  const light = LIGHTS[names[seed % names.length]!]!
  const motif = (['lake', 'firs', 'meadow', 'lake', 'balloons', 'firs'] as const)[(seed * 5 + Math.floor(seed / 3)) % 6]!

  let state = (seed + 1) * 0x9e3779b1
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const between = (low: number, high: number) => low + random() * (high - low)

  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  const unit = Math.min(width, height)

  function gradient(colours: readonly string[], from: number, to: number): CanvasGradient {
    const fill = context.createLinearGradient(0, from, 0, to)
    colours.forEach((colour, index) => fill.addColorStop(index / (colours.length - 1), colour))
    return fill
  }

  // Heights along x by midpoint displacement; roughness 0.5 is a hill, 0.62 a crest.
  function crest(base: number, relief: number, roughness: number): Float64Array {
    const points = new Float64Array(513)
    points[0] = between(-relief, relief)
    points[512] = between(-relief, relief)
    for (let step = 512, reach = relief; step > 1; step /= 2, reach *= roughness)
      for (let at = step / 2; at < 512; at += step)
        points[at] = (points[at - step / 2]! + points[at + step / 2]!) / 2 + between(-reach, reach)
    return points.map((value) => base + value)
  }

  const at = (points: Float64Array, x: number) => {
    const place = (Math.min(width, Math.max(0, x)) / width) * 512
    const left = Math.floor(place)
    const right = Math.min(512, left + 1)
    return points[left]! + (points[right]! - points[left]!) * (place - left)
  }

  function land(points: Float64Array, fill: string | CanvasGradient, bottom = height): void {
    context.fillStyle = fill
    context.beginPath()
    context.moveTo(0, bottom)
    for (let x = 0; x <= width; x += 2) context.lineTo(x, at(points, x))
    context.lineTo(width, at(points, width))
    context.lineTo(width, bottom)
    context.fill()
  }

  // Snow lies where the crest is high, and thins out in tongues below.
  function snowOn(points: Float64Array, colour: string): void {
    const top = Math.min(...points)
    const line = top + unit * 0.13
    const ragged = crest(0, unit * 0.03, 0.68)
    context.fillStyle = colour
    context.beginPath()
    context.moveTo(0, at(points, 0))
    for (let x = 0; x <= width; x += 2) context.lineTo(x, at(points, x))
    for (let x = width; x >= 0; x -= 2) context.lineTo(x, Math.max(at(points, x), Math.min(line, at(points, x) + unit * 0.12) + at(ragged, x)))
    context.fill()
  }

  function fir(x: number, foot: number, tall: number): void {
    context.beginPath()
    context.moveTo(x, foot - tall)
    for (const side of [1, -1])
      for (let tier = side === 1 ? 1 : 5; tier >= 1 && tier <= 5; tier += side) {
        const y = foot - tall * (1 - tier / 5.4)
        context.lineTo(x + side * tall * 0.055 * tier, y)
        context.lineTo(x + side * tall * 0.03 * tier, y - tall * 0.02)
      }
    context.fill()
  }

  function woods(points: Float64Array, colour: string, tall: number, density: number): void {
    context.fillStyle = colour
    for (let x = -tall; x < width + tall; x += tall * between(0.12, 0.4) / density)
      fir(x, at(points, x) + tall * 0.12, tall * between(0.55, 1))
  }

  function balloon(x: number, y: number, size: number, colours: [string, string]): void {
    for (let stripe = 4; stripe >= 0; stripe--) {
      context.fillStyle = colours[stripe % 2]!
      context.beginPath()
      context.ellipse(x, y, (size * (stripe + 0.5)) / 4.5, size, 0, 0, Math.PI * 2)
      context.fill()
    }
    context.fillStyle = colours[0]
    context.beginPath()
    context.moveTo(x - size * 0.62, y + size * 0.78)
    context.lineTo(x - size * 0.14, y + size * 1.3)
    context.lineTo(x + size * 0.14, y + size * 1.3)
    context.lineTo(x + size * 0.62, y + size * 0.78)
    context.fill()
    context.fillStyle = '#4a3122'
    context.fillRect(x - size * 0.13, y + size * 1.4, size * 0.26, size * 0.2)
  }

  // Sky, what shines in it, clouds.
  const horizon = height * between(0.52, 0.62)
  context.fillStyle = gradient(light.sky, 0, horizon * 1.08)
  context.fillRect(0, 0, width, height)
  if (light.stars)
    for (let star = 0; star < 260; star++) {
      context.fillStyle = `rgb(255 255 255 / ${between(0.2, 0.9)})`
      const size = between(0.4, 1.5) * (unit / 900)
      context.fillRect(random() * width, random() * horizon, size, size)
    }
  if (light.sun) {
    const [x, y, size] = [width * between(0.25, 0.75), horizon * between(0.45, 0.75), unit * (light.stars ? 0.028 : 0.045)]
    const glow = context.createRadialGradient(x, y, 0, x, y, unit * 0.55)
    glow.addColorStop(0, light.sun + 'a0')
    glow.addColorStop(0.2, light.sun + '55')
    glow.addColorStop(0.5, light.sun + '1c')
    glow.addColorStop(1, light.sun + '00')
    context.fillStyle = glow
    context.fillRect(0, 0, width, height)
    context.fillStyle = light.sun
    context.beginPath()
    context.arc(x, y, size, 0, Math.PI * 2)
    context.fill()
  } else {
    context.filter = `blur(${unit / 90}px)`
    for (let cloud = 0; cloud < 5; cloud++) {
      const [x, y, size] = [random() * width, horizon * between(0.1, 0.6), unit * between(0.04, 0.1)]
      context.fillStyle = 'rgb(255 255 255 / 0.5)'
      for (let puff = 0; puff < 6; puff++) {
        context.beginPath()
        context.ellipse(x + between(-2, 2) * size, y + between(-0.25, 0.25) * size, size * between(0.7, 1.4), size * between(0.22, 0.42), 0, 0, Math.PI * 2)
        context.fill()
      }
    }
    context.filter = 'none'
  }

  // Ranges, from far to near, each in its haze.
  const [far, middle, near, front] = light.ridges as [string, string, string, string]
  const alps = crest(horizon - unit * 0.2, unit * 0.2, 0.56)
  land(alps, gradient([far, light.sky.at(-1)!], Math.min(...alps), horizon + unit * 0.05))
  if (light.snow) snowOn(alps, light.snow)
  const hills = crest(horizon - unit * 0.06, unit * 0.12, 0.52)
  land(hills, gradient([middle, far], Math.min(...hills), horizon + unit * 0.16))

  if (motif === 'lake') {
    const shore = crest(horizon - unit * 0.01, unit * 0.04, 0.5)
    land(shore, near)
    woods(shore, near, unit * 0.05, 1.4)
    const water = horizon + unit * 0.05
    // The mirror: what stands above, upside down, darker, broken by ripples.
    const above = canvas.transferToImageBitmap()
    context.drawImage(above, 0, 0)
    context.save()
    context.translate(0, water * 2)
    context.scale(1, -1)
    context.beginPath()
    context.rect(0, 0, width, water)
    context.clip()
    context.drawImage(above, 0, 0)
    context.restore()
    context.fillStyle = gradient([front + '30', front + 'b8'], water, height)
    context.fillRect(0, water, width, height - water)
    for (let ripple = 0; ripple < 70; ripple++) {
      const depth = random() ** 1.6
      const y = water + depth * (height - water)
      context.fillStyle = `rgb(255 255 255 / ${between(0.03, 0.14)})`
      context.fillRect(random() * width, y, unit * between(0.05, 0.4) * (0.4 + depth), Math.max(1, (unit / 420) * (0.5 + depth)))
    }
  } else if (motif === 'firs') {
    const slope = crest(horizon + unit * 0.1, unit * 0.12, 0.5)
    land(slope, near)
    woods(slope, near, unit * 0.1, 1.6)
    const edge = crest(horizon + unit * 0.3, unit * 0.1, 0.5)
    land(edge, front)
    woods(edge, front, unit * 0.3, 1)
  } else {
    const pasture = crest(horizon + unit * 0.06, unit * 0.08, 0.44)
    land(pasture, gradient([near, front], horizon, height))
    woods(pasture, front, unit * 0.05, 0.35)
    const meadow = crest(horizon + unit * 0.22, unit * 0.07, 0.42)
    land(meadow, gradient([front, near], horizon, height * 1.1))
    if (motif === 'meadow')
      for (let flower = 0; flower < 420; flower++) {
        const depth = random() ** 0.7
        const x = random() * width
        const y = at(meadow, x) + unit * 0.015 + depth * (height - at(meadow, x))
        context.fillStyle = ['#ffffff', '#ffe27a', '#f3b3cf', '#e8574b', '#b6a1ef'][Math.floor(random() * 5)]!
        context.globalAlpha = between(0.65, 1)
        context.beginPath()
        context.arc(x, y, unit * (0.0012 + 0.0095 * depth ** 2), 0, Math.PI * 2)
        context.fill()
        context.globalAlpha = 1
      }
    else
      for (let one = 0; one < 3; one++)
        balloon(width * (0.2 + 0.3 * one + between(-0.08, 0.08)), horizon * between(0.25, 0.7), unit * between(0.035, 0.1), [
          ['#d8281c', '#f7efe2'],
          ['#e9a824', '#7a2f3d'],
          ['#2f7f86', '#f4d9a0'],
        ][one] as [string, string])
  }

  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let binary = ''
  for (let from = 0; from < bytes.length; from += 8192) binary += String.fromCharCode(...bytes.subarray(from, from + 8192))
  return btoa(binary)
}
