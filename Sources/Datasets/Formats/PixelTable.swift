import Diagnostics
import Files
import Foundation

/// MNIST as text: a line a picture, the class before its pixels, with a header
/// or without.
enum PixelTable {
  /// The pictures, which are square, and their classes.
  ///
  /// - Throws: `FileFault`.
  static func read(
    _ url: URL, memoryLimit: Int
  ) throws -> (images: StoredArray, labels: [Int]) {
    func malformed(_ problem: String) -> FileFault {
      .malformed(
        path: url.path, problem: FaultMessage(problem),
        remedy: "use lines of a class and pixels from 0 to 255; a table of"
          + " other numbers needs another name")
    }
    let text = try TableText(url, memoryLimit: memoryLimit)
    return try text.withBytes { bytes in
      var pixels = Data()
      var labels: [Int] = []
      var columns = 0
      for (index, line) in bytes.split(separator: UInt8(ascii: "\n"))
        .enumerated()
      {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        let isText = line.contains { $0 | 0x20 >= UInt8(ascii: "a") }
        if index == 0, isText { continue }
        var number = 0
        var hasDigits = false
        var fields = 0
        func take() throws {
          guard hasDigits, number <= 255 else {
            let picture = labels.count + (fields == 0 ? 1 : 0)
            throw malformed(
              "field \(fields + 1) of picture \(picture) is no number from 0"
                + " to 255")
          }
          if fields == 0 {
            labels.append(number)
          } else {
            pixels.append(UInt8(number))
          }
          fields += 1
          (number, hasDigits) = (0, false)
        }
        for byte in line {
          switch byte {
          case UInt8(ascii: "0")...UInt8(ascii: "9"):
            number = min(number * 10 + Int(byte - UInt8(ascii: "0")), 1000)
            hasDigits = true
          case UInt8(ascii: ","): try take()
          default: number = 1000
          }
        }
        try take()
        if columns == 0 { columns = fields }
        try text.checkMemory(pixels.count, forRows: labels.count)
        guard fields == columns else {
          throw malformed(
            "picture \(labels.count) has \(fields - 1) pixels, others"
              + " \(columns - 1)")
        }
      }
      let side = Int(Double(max(columns - 1, 0)).squareRoot().rounded())
      guard side > 0, side * side == columns - 1 else {
        throw malformed("\(max(columns - 1, 0)) pixels are no square picture")
      }
      return (
        StoredArray(
          .memory(pixels), type: .uint8, shape: [labels.count, side, side]),
        labels
      )
    }
  }
}
