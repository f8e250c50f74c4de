import Diagnostics
import Execution
import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite("Arrays of images, whatever the order of their axes")
struct AxisOrderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func read(
    _ shape: String, _ numbers: [UInt8], _ order: AxisOrder? = nil
  ) throws -> SampleSet {
    let url = try folder.write(
      ArrayFixture.npy("'|u1'", shape, Data(numbers)), to: "images.npy")
    var options = DatasetOptions()
    options.layout = order
    return try Dataset(at: url, options: options).categories[0].train
  }

  private func bytes(_ set: SampleSet) throws -> [UInt8] {
    try set.source.matrix().values.map { UInt8(($0 * 255).rounded()) }
  }

  // numpy.arange(24).reshape(2, 3, 2, 2).transpose(0, 2, 3, 1).ravel()
  private static let channelsLast: [UInt8] = [
    0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 16, 20, 13, 17, 21, 14, 18, 22,
    15, 19, 23,
  ]

  @Test("channels first are recognised by their number, and moved")
  func channelsFirst() throws {
    let numbers = Array(0..<24 as Range<UInt8>)
    for order in [nil, AxisOrder.nchw] {
      let set = try read("(2, 3, 2, 2)", numbers, order)
      #expect(set.imageShape == ImageShape(height: 2, width: 2, channels: 3))
      #expect(try bytes(set) == Self.channelsLast)
    }
    #expect(throws: DatasetFault.self) {
      try read("(2, 3, 2, 2)", numbers, .nhwc)
    }
    #expect(
      try read("(2, 1, 2, 6)", numbers).imageShape
        == ImageShape(height: 2, width: 6, channels: 1))
  }

  @Test("alpha is dropped, channels last or first")
  func alpha() throws {
    let last = try read("(1, 1, 2, 4)", [1, 2, 3, 255, 5, 6, 7, 255], .nhwc)
    #expect(last.imageShape == ImageShape(height: 1, width: 2, channels: 3))
    #expect(try bytes(last) == [1, 2, 3, 5, 6, 7])
    let first = try read("(1, 4, 1, 2)", [1, 5, 2, 6, 3, 7, 255, 255], .nchw)
    #expect(try bytes(first) == [1, 2, 3, 5, 6, 7])
  }

  @Test("where both orders would do, channels are last unless told")
  func doubtful() throws {
    let numbers = Array(0..<9 as Range<UInt8>)
    let last = try read("(1, 3, 1, 3)", numbers)
    #expect(last.imageShape == ImageShape(height: 3, width: 1, channels: 3))
    let first = try read("(1, 3, 1, 3)", numbers, .nchw)
    #expect(first.imageShape == ImageShape(height: 1, width: 3, channels: 3))
    #expect(try bytes(first) == [0, 3, 6, 1, 4, 7, 2, 5, 8])
  }
}
