import Diagnostics
import Execution
import Files
import LinearAlgebra
import Parameters

extension StoredArray {
  /// The images that the rows are.
  struct Images {
    /// As they are stored, but for the order of the axes.
    let stored: ImageShape
    let isChannelsFirst: Bool
    /// Whether the other order would do as well.
    var isDoubtful = false

    /// As grey or RGB.
    var shape: ImageShape {
      ImageShape(
        height: stored.height, width: stored.width,
        channels: min(stored.channels, 3))
    }
  }

  /// The numbers of channels: grey, RGB and RGBA.
  private static let channelCounts = [1, 3, 4]

  /// The images that the rows are, by the array's rank; nil for rows of a
  /// table.
  ///
  /// - Throws: `DatasetFault.unusableShape`.
  func images(path: String, in order: AxisOrder? = nil) throws -> Images? {
    if !shape.contains(0) {
      switch shape.count {
      case 2: return nil
      case 3:
        return Images(
          stored: ImageShape(height: shape[1], width: shape[2], channels: 1),
          isChannelsFirst: false)
      case 4:
        let isLast =
          order != .nchw && Self.channelCounts.contains(shape[3])
        let isFirst =
          order != .nhwc && Self.channelCounts.contains(shape[1])
        guard isLast || isFirst else { break }
        return Images(
          stored: isLast
            ? ImageShape(height: shape[1], width: shape[2], channels: shape[3])
            : ImageShape(height: shape[2], width: shape[3], channels: shape[1]),
          isChannelsFirst: !isLast, isDoubtful: isLast && isFirst)
      default: break
      }
    }
    throw DatasetFault.unusableShape(
      path: path, shape: shape,
      expected: "(rows, columns), (images, height, width), (images, height,"
        + " width, channels) or (images, channels, height, width), of 1, 3 or 4"
        + " channels")
  }

  /// The rows as samples without labels that are called by their running
  /// number; intensities of images stored as unsigned bytes or 16-bit numbers
  /// become 0...1, and so do other numbers that are 0...255 as those of bytes.
  ///
  /// - Parameters:
  ///   - category: What the samples belong to.
  ///   - path: What faults name as the place.
  ///   - order: The order of the axes of images; nil recognises it.
  ///   - training: The array whose range tells that of both; nil is this one.
  ///   - note: Takes a word on a range or an order that was recognised.
  /// - Throws: `DatasetFault.unusableShape`.
  func samples(
    category: String, path: String, in order: AxisOrder? = nil,
    like training: StoredArray? = nil,
    telling note: (FaultMessage) -> Void = { _ in }
  ) throws -> SampleSet {
    let images = try images(path: path, in: order)
    var array = self
    array.path = path
    if images != nil, type.kind == .unsigned {
      switch type.width {
      case 1: array.divisor = 255
      case 2: array.divisor = 65_535
      default: break
      }
    }
    if images != nil, array.divisor == 1, type.kind != .boolean,
      try (training ?? self).holdsBytes
    {
      array.divisor = 255
      if training == nil { note("intensities: 0 to 255, divided by 255") }
    }
    var source: any SampleSource = array
    if let images {
      if images.isChannelsFirst || images.shape != images.stored {
        source = ReorderedImages(
          base: array, stored: images.stored,
          isChannelsFirst: images.isChannelsFirst, shape: images.shape)
      }
      if training == nil { tell(images, order, note) }
    } else if !type.fitsFloat {
      source = PreciseArray(array: array)
    }
    return SampleSet(
      samples: (0..<rows).map { Sample(id: String($0), category: category) },
      source: source, imageShape: images?.shape)
  }
}

extension StoredArray {
  private func tell(
    _ images: Images, _ order: AxisOrder?, _ note: (FaultMessage) -> Void
  ) {
    if images.stored.channels == 4 { note("alpha is dropped") }
    guard order == nil else { return }
    if images.isDoubtful {
      note(
        "channels are taken to be last, not first, as"
          + " \(option: "layout", "nchw") would say")
    } else if images.isChannelsFirst, images.stored.channels > 1 {
      note("channels are first (\(option: "layout", "nchw"))")
    }
  }

  /// Images that are looked at to learn the range of intensities.
  private static let probedRows = 1000

  /// Whether the images have the numbers of bytes: none below 0 or above 255,
  /// and some far above 1.
  fileprivate var holdsBytes: Bool {
    get throws {
      guard !shape.contains(0) else { return false }
      let step = max(1, rows / Self.probedRows)
      var largest: Float = 0
      for row in stride(from: 0, to: rows, by: step) {
        for value in try matrix(ofRows: [row]).values {
          guard 0...255 ~= value else { return false }
          largest = max(largest, value)
        }
      }
      // Of 0...1 made larger, a little may reach beyond 1.
      return largest > 8
    }
  }
}

extension AxisOrder {
  static let parameter = Parameter<DatasetOptions>(
    "layout", \.layout, .choice,
    "the order of the axes of images: channels last or first",
    unset: "recognised")
}

extension DatasetCategory {
  /// A set that is both learned from and judged.
  static func transductive(name: String, _ set: SampleSet) -> DatasetCategory {
    DatasetCategory(name: name, train: set, test: set, isTransductive: true)
  }
}
