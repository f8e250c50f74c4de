import Datasets
import Execution
import Features
import Groups
import Images

/// The groups of alike samples that are found in the training samples of a
/// category, without labels.
public struct DatasetGroups: Sendable {
  /// One group.
  public struct Group: Sendable {
    /// Of the training samples.
    public var samples: [Sample]
    /// The first few as pictures; empty for tables.
    public var pictures: [RasterImage]
  }

  /// In the order of their first samples.
  public let groups: [Group]

  /// Finds the groups that a detector would be fitted to one by one.
  ///
  /// - Parameters:
  ///   - category: Pictures or rows to learn from.
  ///   - grouping: How many groups.
  ///   - pictureCount: The most pictures of a group.
  ///   - context: Seed, threads, and who watches or stops the work.
  /// - Throws: The faults of reading, `CancellationError`.
  public init(
    of category: DatasetCategory, _ grouping: Grouping = .automatic,
    pictureCount: Int = 12, in context: RunContext = RunContext()
  ) throws {
    guard category.train.count > 0 else {
      throw ExperimentFault.noTrainingSamples(category: category.name)
    }
    let parts = context.parts([2, 1])
    let (features, rows) = try FittedFeatures.fit(
      FeatureRecipe().extractor(for: category), nil, to: category.train,
      in: parts[0])
    var shaped = parts[1]
    shaped.imageShape = features.extractor.featureImageShape
    let found = try SampleGroups(grouping, of: rows, in: shaped)
    let places = try found.ownPlaces(of: rows, in: shaped)
    groups = try (0..<found.count).map { group in
      let members = places.indices.filter { places[$0] == group }
      return Group(
        samples: members.map { category.train.samples[$0] },
        pictures: try members.prefix(pictureCount).compactMap {
          try category.train.picture(at: $0, side: 112)
        })
    }
  }
}
