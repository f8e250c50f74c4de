import Execution
import Foundation
import Images
import LinearAlgebra

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let url = URL.temporaryDirectory.appending(path: "\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  /// Writes a file, and the folders it is in.
  @discardableResult
  func write(_ data: Data, to path: String) throws -> URL {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    return file
  }

  @discardableResult
  func write(_ text: String, to path: String) throws -> URL {
    try write(Data(text.utf8), to: path)
  }

  /// Writes small grey pictures.
  func writeImages(_ paths: [String]) throws {
    let image = Image(shape: ImageShape(height: 2, width: 3, channels: 1))
    for path in paths { try write(try PNG.data(of: image), to: path) }
  }

  func removeItem(at path: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: path))
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}

extension Data {
  /// The bytes with a few of them changed, removed or added.
  func mutated(using random: inout SplitMix) -> Data {
    var data = self
    for _ in 0...random.next() % 4 where !data.isEmpty {
      let place = Int(random.next() % UInt64(data.count))
      let byte = UInt8(truncatingIfNeeded: random.next())
      switch random.next() % 6 {
      case 0, 1: data[place] = byte
      case 2: data[place] ^= 1 << (byte % 8)
      case 3: data.removeSubrange(place..<Swift.min(place + 3, data.count))
      case 4: data.insert(byte, at: place)
      default: data = data.prefix(place)
      }
    }
    return Data(data)
  }
}
