import Execution
import Foundation
import LocalFeatures

/// A made-up defect in an ordinary picture: what weights of maps are learned
/// from, since real defects are not to be seen in training.
///
/// Cut and paste as in CutPaste (Li and others 2021) and NSA (Schlüter and
/// others 2022), and plainer ones: scratches, bulges, stains, smears, shifts
/// and noise. Sizes are in pixels of a picture of 256 a side and grow with it.
struct SyntheticDefect {
  let picture: Raster
  /// 1 where the picture was changed visibly, else 0.
  let truth: Raster

  init(picture: Raster, truth: Raster) {
    self.picture = picture
    self.truth = truth
  }

  private enum Kind: CaseIterable {
    case paste, scar, warp, blot, blur, shift, noise
  }

  /// What a change must at least come to, in intensities.
  private static let visible: Float = 4 / 255
  /// Pictures in which nothing shows after so many trials stay as they are.
  private static let trials = 20

  /// - Parameters:
  ///   - ordinary: The picture that is damaged.
  ///   - others: Ordinary pictures of the same size to take pieces from.
  init(
    in ordinary: Raster, from others: [Raster],
    using generator: inout SeededGenerator
  ) {
    let structure = Structure(of: ordinary)
    for _ in 0..<Self.trials {
      var picture = ordinary
      var mask = Raster(like: ordinary, channels: 1)
      for _ in 0..<(generator.integer(below: 3) == 0 ? 2 : 1) {
        let other = others[generator.integer(below: others.count)]
        Self.damage(
          &picture, &mask, structure, other: other, using: &generator)
      }
      let truth = Self.changes(from: ordinary, to: picture, within: mask)
      let area: Float = mask.values.reduce(0) { $0 + ($1 > 0.5 ? 1 : 0) }
      if truth.values.reduce(0, +) >= max(1, area / 4) {
        self.picture = picture
        self.truth = truth
        return
      }
    }
    picture = ordinary
    truth = Raster(like: ordinary, channels: 1)
  }

  private static func changes(
    from before: Raster, to after: Raster, within mask: Raster
  ) -> Raster {
    let channels = before.channels
    var change = Raster(like: before, channels: 1)
    for pixel in change.values.indices {
      for channel in pixel * channels..<(pixel + 1) * channels {
        change.values[pixel] = max(
          change.values[pixel],
          abs(after.values[channel] - before.values[channel]))
      }
    }
    var truth = change.blurred(1)
    for pixel in truth.values.indices {
      truth.values[pixel] =
        truth.values[pixel] > visible && mask.values[pixel] > 0.05 ? 1 : 0
    }
    return truth
  }

  private static func damage(
    _ picture: inout Raster, _ mask: inout Raster, _ structure: Structure,
    other: Raster, using generator: inout SeededGenerator
  ) {
    // Pieces of other pictures are twice as likely as anything else.
    let kinds = Kind.allCases + [.paste]
    let kind = kinds[generator.integer(below: kinds.count)]
    let place = structure.place(using: &generator)
    let patch = Patch(
      in: picture, at: place, isScar: kind == .scar, using: &generator)
    let before = picture
    switch kind {
    case .paste, .scar:
      paste(other, into: &picture, patch, using: &generator)
    case .shift:
      let distance = patch.scale * generator.number(4, 16)
      let angle = generator.number(0, 2 * .pi)
      patch.blend(into: &picture) { x, y, channel in
        before.value(
          x + distance * cos(angle), y + distance * sin(angle), channel)
      }
    case .warp:
      let strength =
        patch.scale * generator.number(3, 10)
        * min(1.5, 0.5 + patch.size / (40 * patch.scale))
      let angle = generator.number(0, 2 * .pi)
      let width = patch.size / 3
      patch.blend(into: &picture) { x, y, channel in
        let (dx, dy) = (x - place.x, y - place.y)
        let bump =
          strength * exp(-(dx * dx + dy * dy) / (2 * width * width))
        return before.value(
          x + bump * cos(angle), y + bump * sin(angle), channel)
      }
    case .blot:
      let isColored = generator.uniform() < 0.5
      let sign: Float = generator.uniform() < 0.5 ? -1 : 1
      let common = sign * generator.number(15, 80) / 255
      let levels = (0..<picture.channels).map { _ in
        isColored ? generator.number(-80, 80) / 255 : common
      }
      patch.blend(into: &picture) { x, y, channel in
        before.value(x, y, channel) + levels[channel]
      }
    case .blur:
      let isErased = generator.uniform() < 0.3
      let smooth =
        isErased
        ? nil : before.blurred(patch.scale * generator.number(2, 5))
      let levels = patch.surroundings(of: before)
      patch.blend(into: &picture) { x, y, channel in
        smooth?.value(x, y, channel) ?? levels[channel]
      }
    case .noise:
      let deviation = generator.number(10, 40) / 255
      let noise = Raster.noise(
        like: picture, deviation: deviation,
        smoothing: generator.number(0.7, 2), using: &generator)
      patch.blend(into: &picture) { x, y, channel in
        before.value(x, y, channel) + noise.value(x, y, 0)
      }
    }
    for index in mask.values.indices {
      mask.values[index] = max(mask.values[index], patch.mask.values[index])
    }
  }

  private static func paste(
    _ other: Raster, into picture: inout Raster, _ patch: Patch,
    using generator: inout SeededGenerator
  ) {
    let before = picture
    let angle = generator.number(0, 2 * .pi)
    let zoom = generator.number(0.7, 1.4)
    let (turnX, turnY) = (cos(angle) / zoom, sin(angle) / zoom)
    let source = (
      x: generator.number(0, Float(other.width)),
      y: generator.number(0, Float(other.height))
    )
    let opacity = generator.number(0.6, 1)
    var gain: Float = 1
    var offsets = [Float](repeating: 0, count: picture.channels)
    func piece(_ x: Float, _ y: Float, _ channel: Int) -> Float {
      let (dx, dy) = (x - patch.place.x, y - patch.place.y)
      return other.value(
        source.x + dx * turnX - dy * turnY, source.y + dx * turnY + dy * turnX,
        channel)
    }
    if generator.uniform() < 0.35 {
      let here = patch.mean { before.value($0, $1, $2) }
      let there = patch.mean(piece)
      offsets = zip(here, there).map { $0 - $1 }
    } else if generator.uniform() < 0.4 {
      gain = generator.number(0.7, 1.3)
      let offset = generator.number(-20, 20) / 255
      offsets = offsets.map { _ in offset }
    }
    patch.blend(into: &picture) { x, y, channel in
      let old = before.value(x, y, channel)
      let new = gain * piece(x, y, channel) + offsets[channel]
      return old + opacity * (new - old)
    }
  }
}

/// Where in a picture there is something to damage.
private struct Structure {
  private let strength: Raster
  private let threshold: Float

  init(of picture: Raster) {
    let channels = picture.channels
    var energy = Raster(like: picture, channels: 1)
    let border = picture.borderMedian(depth: 6)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        var sum: Float = 0
        for channel in 0..<channels {
          let here = picture[x, y, channel]
          let right = picture[min(x + 1, picture.width - 1), y, channel]
          let below = picture[x, min(y + 1, picture.height - 1), channel]
          sum +=
            (right - here) * (right - here) + (below - here) * (below - here)
          // Far from the background is part of the object, however smooth.
          if abs(here - border[channel]) > 35 / 255 { sum += 1 }
        }
        energy.values[y * picture.width + x] = sum
      }
    }
    strength = energy.blurred(3)
    threshold = strength.values.sorted()[strength.values.count * 6 / 10]
  }

  /// Mostly where there is structure.
  func place(using generator: inout SeededGenerator) -> (x: Float, y: Float) {
    let isAnywhere = generator.uniform() > 0.85
    while true {
      let x = generator.integer(below: strength.width)
      let y = generator.integer(below: strength.height)
      if isAnywhere || strength[x, y, 0] >= threshold {
        return (Float(x), Float(y))
      }
    }
  }
}

/// A piece of a picture with soft edges.
private struct Patch {
  let place: (x: Float, y: Float)
  /// The longer side, in pixels.
  let size: Float
  /// Pixels beside those of a picture of 256 a side.
  let scale: Float
  /// From 0 outside to 1 inside.
  let mask: Raster

  init(
    in picture: Raster, at place: (x: Float, y: Float), isScar: Bool,
    using generator: inout SeededGenerator
  ) {
    let scale = Float(max(picture.width, picture.height)) / 256
    self.place = place
    self.scale = scale
    var mask = Raster(like: picture, channels: 1)
    if isScar {
      let length = scale * generator.number(12, 70)
      let width = scale * generator.number(2, 7)
      let angle = generator.number(0, .pi)
      size = length
      mask.fill { x, y in
        let (dx, dy) = (x - place.x, y - place.y)
        let along = dx * cos(angle) + dy * sin(angle)
        let across = dy * cos(angle) - dx * sin(angle)
        return abs(along) <= length / 2 && abs(across) <= width / 2
      }
    } else {
      let size = scale * 10 * pow(6.4, generator.number(0, 1))
      self.size = size
      let noise = Raster.noise(
        like: picture, deviation: 0.35, smoothing: size / 7, using: &generator)
      mask.fill { x, y in
        let (dx, dy) = (x - place.x, y - place.y)
        let distance = (dx * dx + dy * dy).squareRoot() / (size / 2)
        return distance < 1.3 && distance + noise.value(x, y, 0) < 0.9
      }
    }
    self.mask = mask.blurred(scale * generator.number(0.4, 1.2))
  }

  /// Puts what `value` gives for a pixel into the picture, as far as the mask
  /// goes.
  func blend(
    into picture: inout Raster, _ value: (Float, Float, Int) -> Float
  ) {
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let share = mask.values[y * picture.width + x]
        guard share > 0.01 else { continue }
        for channel in 0..<picture.channels {
          let old = picture[x, y, channel]
          let new = min(max(value(Float(x), Float(y), channel), 0), 1)
          picture[x, y, channel] = old + share * (new - old)
        }
      }
    }
  }

  /// The mean of every channel of what `value` gives inside.
  func mean(_ value: (Float, Float, Int) -> Float) -> [Float] {
    var sums: [Float] = []
    for channel in 0..<3 {
      var (sum, total): (Float, Float) = (0, 1e-6)
      for y in 0..<mask.height {
        for x in 0..<mask.width where mask[x, y, 0] > 0.01 {
          let share = mask[x, y, 0]
          sum += share * value(Float(x), Float(y), channel)
          total += share
        }
      }
      sums.append(sum / total)
    }
    return sums
  }

  /// The median of every channel around the mask.
  func surroundings(of picture: Raster) -> [Float] {
    let around = mask.blurred(scale * 4)
    return (0..<picture.channels).map { channel in
      var values: [Float] = []
      for y in 0..<mask.height {
        for x in 0..<mask.width
        where around[x, y, 0] > 0.02 && mask[x, y, 0] < 0.01 {
          values.append(picture[x, y, channel])
        }
      }
      values.sort()
      return values.isEmpty ? 0 : values[values.count / 2]
    }
  }
}

extension Raster {
  /// Zeros of the size of another.
  fileprivate init(like other: Raster, channels: Int) {
    self.init(
      height: other.height, width: other.width, channels: channels,
      values: [Float](
        repeating: 0, count: other.height * other.width * channels))
  }

  fileprivate subscript(x: Int, y: Int, channel: Int) -> Float {
    get { values[(y * width + x) * channels + channel] }
    set { values[(y * width + x) * channels + channel] = newValue }
  }

  /// Ones where a condition holds.
  fileprivate mutating func fill(_ isInside: (Float, Float) -> Bool) {
    for y in 0..<height {
      for x in 0..<width {
        self[x, y, 0] = isInside(Float(x), Float(y)) ? 1 : 0
      }
    }
  }

  /// Between pixels, interpolated bilinearly; mirrored outside.
  fileprivate func value(_ x: Float, _ y: Float, _ channel: Int) -> Float {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (across, down) = (x - left, y - top)
    func at(_ x: Int, _ y: Int) -> Float {
      self[
        Self.mirrored(x, width), Self.mirrored(y, height),
        min(channel, channels - 1)]
    }
    let (column, row) = (Int(left), Int(top))
    let upper =
      at(column, row) + across * (at(column + 1, row) - at(column, row))
    guard down > 0 else { return upper }
    let lower =
      at(column, row + 1)
      + across * (at(column + 1, row + 1) - at(column, row + 1))
    return upper + down * (lower - upper)
  }

  /// Smooth normal noise of one channel.
  fileprivate static func noise(
    like other: Raster, deviation: Float, smoothing: Float,
    using generator: inout SeededGenerator
  ) -> Raster {
    var noise = Raster(like: other, channels: 1)
    for index in noise.values.indices {
      noise.values[index] = Float(generator.normal())
    }
    noise = noise.blurred(smoothing)
    let square =
      noise.values.reduce(0) { $0 + $1 * $1 } / Float(noise.values.count)
    let factor = deviation / max(square.squareRoot(), 1e-6)
    noise.values = noise.values.map { $0 * factor }
    return noise
  }
}

extension SeededGenerator {
  /// A number of a range, all equally likely.
  fileprivate mutating func number(_ low: Float, _ high: Float) -> Float {
    low + Float(uniform()) * (high - low)
  }
}
