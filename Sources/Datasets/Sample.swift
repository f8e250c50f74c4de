import Execution
import Foundation
import LinearAlgebra

/// One image or row of a dataset: what is known about it.
public struct Sample: Hashable, Sendable {
  /// The name that a submission file uses: a file's stem or a running number.
  public var id: String
  /// The category it belongs to, such as "bottle".
  public var category: String
  /// 0 ordinary, 1 anomaly; nil when unknown.
  public var label: Int?
  /// The kind of defect, such as "good" or "scratch", or the class of an IDX
  /// image; nil when the data does not tell.
  public var defect: String?
  /// The PNG file, when the sample is one.
  public var image: URL?
  /// The PNG file whose bright pixels are the defect, when there is one.
  public var mask: URL?

  public init(
    id: String, category: String, label: Int? = nil, defect: String? = nil,
    image: URL? = nil, mask: URL? = nil
  ) {
    self.id = id
    self.category = category
    self.label = label
    self.defect = defect
    self.image = image
    self.mask = mask
  }
}

/// Where the numbers of samples are.
public enum SampleContent: Sendable {
  /// In the PNG file of each sample.
  case imageFiles
  /// In rows, one a sample, in the order of the samples.
  ///
  /// The source may be a mapped file: walk it in blocks. Intensities of images
  /// that are stored as unsigned bytes come as 0...1, all else as stored. The
  /// shape is nil for tables.
  case rows(any SampleSource, imageShape: ImageShape?)
}

/// Samples and their content.
public struct SampleSet: Sendable {
  public var samples: [Sample]
  public var content: SampleContent

  public init(samples: [Sample], content: SampleContent) {
    self.samples = samples
    self.content = content
  }

  public var count: Int { samples.count }

  /// One label a sample; nil unless all are known.
  public var labels: [Int]? {
    let labels = samples.compactMap(\.label)
    return labels.count == samples.count ? labels : nil
  }
}
