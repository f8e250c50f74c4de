import Execution
import Files
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
  /// The picture file, when the sample is one.
  public var image: URL?
  /// The picture file whose bright pixels are the defect, or a folder of such,
  /// when there is one.
  public var mask: URL?

  /// By default: nothing known but id and category.
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

extension [Sample] {
  /// One label a sample; nil unless all are known.
  var labels: [Int]? {
    let labels = compactMap(\.label)
    return labels.count == count ? labels : nil
  }

  /// Called by running numbers, as layouts of arrays call their samples.
  var numbered: [Sample] {
    enumerated().map { index, sample in
      var sample = sample
      sample.id = String(index)
      return sample
    }
  }
}

/// Samples and where their numbers are.
public struct SampleSet: Sendable {
  /// What is known of each; as many as `source` has rows.
  public var samples: [Sample]
  /// One row a sample, in the order of the samples.
  ///
  /// It may be a mapped file or a folder of pictures: walk it in blocks.
  /// Intensities of images that are stored as unsigned bytes come as 0...1,
  /// all else as stored.
  public var source: any SampleSource
  /// The images that the rows are; nil for a table.
  public var imageShape: ImageShape?

  /// - Precondition: The source has one row a sample.
  public init(
    samples: [Sample], source: any SampleSource, imageShape: ImageShape? = nil
  ) {
    precondition(source.rows == samples.count, "a row for each sample")
    self.samples = samples
    self.source = source
    self.imageShape = imageShape
  }

  /// Samples that are picture files of any size, decoded when they are read: to
  /// 64x64 RGB, or to what the features ask for.
  ///
  /// - Precondition: Every sample has an image.
  public init(imageFiles samples: [Sample]) {
    let files = ImageFiles(
      samples.compactMap { $0.image.map { RereadFile($0) } })
    self.init(samples: samples, source: files, imageShape: files.shape)
  }

  /// The number of samples.
  public var count: Int { samples.count }

  /// One label a sample; nil unless all are known.
  public var labels: [Int]? { samples.labels }

  /// The columns of a table that have names; nil without any.
  package var tableFeatures: TableFeatures? { named?.features }

  /// The rows of a table whose columns have names.
  private var named: TableRows? { source as? TableRows }

  /// The rows as a model knows them by the names of its columns; as they are
  /// where either has none.
  ///
  /// - Returns: The rows; the columns that are missing, and those that are not
  ///   used.
  package func source(
    matching trained: TableFeatures?
  ) -> (rows: any SampleSource, missing: [String], ignored: [String]) {
    guard let trained, let named, named.features != trained else {
      return (source, [], [])
    }
    return named.matched(to: trained)
  }

  /// The samples as files, when they are.
  package var files: ImageFiles? { source as? ImageFiles }

  /// Some of the samples, in the order given.
  public func selecting(_ indices: [Int]) -> SampleSet {
    SampleSet(
      samples: indices.map { samples[$0] },
      source: files.map { files in
        ImageFiles(indices.map { files.pictures[$0] }, shape: files.shape)
      } ?? source.selecting(indices),
      imageShape: imageShape)
  }

  /// The rows as images of a shape, to which they are brought when they are
  /// read, or as rows of a table; nil when they are of the other kind.
  package func source(of shape: ImageShape?) -> (any SampleSource)? {
    guard shape != imageShape else { return source }
    guard let shape, let imageShape else { return nil }
    return files.map { ImageFiles($0.pictures, shape: shape) }
      ?? ResampledRows(source, from: imageShape, to: shape)
  }
}
