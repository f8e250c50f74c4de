import Diagnostics
import Execution
import Files
import Foundation

extension Dataset {
  /// Finds the samples of a dataset; images and mapped arrays are read later.
  ///
  /// - Parameters:
  ///   - url: The file or folder.
  ///   - options: Layout, labels, and what else the layout needs to be told.
  ///   - context: Its memory budget is the most that a compressed array may
  ///     take.
  /// - Throws: `FileFault`, `DatasetFault`, `ParameterFault`.
  public init(
    at url: URL, options: DatasetOptions = DatasetOptions(),
    in context: RunContext = RunContext()
  ) throws {
    let (place, kind, sign) = try Self.place(
      from: Folder(url: url.standardizedFileURL), options)
    let isPacked = place.url.pathExtension.lowercased() == "gz"
    let file = isPacked ? place.url.deletingPathExtension() : place.url
    let name = place.exists ? place.url.lastPathComponent : file.stem
    try kind.check(options)
    self.init(
      name: name, kind: kind,
      categories: try kind.layout.read(
        place, name: name, options: options, in: context))
    self.sign = sign
    try select(options.categories, path: place.url.path)
    try label(options, beside: place, in: context)
  }

  /// Finds the samples of a dataset whose files nothing written later in this
  /// process replaces.
  ///
  /// - Throws: As `init(at:options:in:)`.
  package init(
    keeping url: URL, options: DatasetOptions, in context: RunContext
  ) throws {
    self = try InputFiles.keepingWhatIsOpened {
      try Dataset(at: url, options: options, in: context)
    }
    InputFiles.keep(
      categories.flatMap { $0.train.samples + $0.test.samples }
        .flatMap { [$0.image, $0.mask] }.compactMap { $0 })
  }

  /// Where the data are, and their layout: at the path, or in the only folder
  /// there, as archives are unpacked.
  ///
  /// - Throws: `FileFault.unreadable`; `DatasetFault.unrecognizedLayout`.
  private static func place(
    from start: Folder, _ options: DatasetOptions
  ) throws -> (Folder, DatasetKind, sign: String?) {
    if let kind = options.kind { return (start, kind, nil) }
    var place = start
    while true {
      for kind in DatasetKind.allCases {
        guard let sign = try kind.layout.sign(of: place) else { continue }
        guard place.url != start.url else { return (place, kind, sign) }
        let path = place.url.path.dropFirst(start.url.path.count + 1)
        return (place, kind, "\(path)/\(sign)")
      }
      guard place.exists else { break }
      let inner = try place.folders()
      guard inner.count == 1, !inner[0].url.isLink else { break }
      place = inner[0]
    }
    guard start.url.isReachable else {
      throw FileFault.unreadable(
        path: start.url.path, reason: "no such file or folder")
    }
    throw DatasetFault.unrecognizedLayout(path: start.url.path)
  }

  /// Keeps only the categories with these names, unless there are none.
  private mutating func select(_ names: [String], path: String) throws {
    guard !names.isEmpty else { return }
    let known = categories.map(\.name)
    for name in names where !known.contains(name) {
      throw DatasetFault.unknownCategory(path: path, name: name, known: known)
    }
    categories.removeAll { !names.contains($0.name) }
  }

  /// Takes the test labels from the given file, or from `labels.csv` beside
  /// the data when the layout does not tell them.
  private mutating func label(
    _ options: DatasetOptions, beside place: Folder, in context: RunContext
  ) throws {
    let isUnlabelled = categories.contains { $0.test.labels == nil }
    let folder =
      place.exists
      ? place : Folder(url: place.url.deletingLastPathComponent())
    let beside = folder["labels.csv"].url
    guard
      beside != place.url || options.labels != nil,
      let url = options.labels
        ?? (isUnlabelled && beside.isReachable ? beside : nil)
    else { return }
    let table = try LabelTable(url, options, in: context)
    var samples = categories.flatMap(\.test.samples)
    try table.label(
      &samples,
      training: categories.flatMap { $0.isTransductive ? [] : $0.train.samples }
    )
    for index in categories.indices {
      let count = categories[index].test.count
      categories[index].test.samples = Array(samples.prefix(count))
      samples.removeFirst(count)
      if categories[index].isTransductive {
        categories[index].train = categories[index].test
      }
    }
  }
}

extension Dataset {
  /// All categories in one.
  ///
  /// - Throws: `DatasetFault.unusableOption` when several categories are not
  ///   made of image files, as those of IDX files, which share their images.
  public func pooled() throws -> DatasetCategory {
    if categories.count == 1 { return categories[0] }
    func pooled(_ sets: [SampleSet]) throws -> SampleSet {
      let pictures = try sets.flatMap { set in
        guard let files = set.files else {
          throw DatasetFault.unusableOption(
            name: "pool", problem: "the categories share their samples",
            remedy: "name the normal labels instead")
        }
        return files.pictures
      }
      let files = ImageFiles(pictures)
      return SampleSet(
        samples: sets.flatMap(\.samples), source: files,
        imageShape: files.shape)
    }
    return DatasetCategory(
      name: name, train: try pooled(categories.map(\.train)),
      test: try pooled(categories.map(\.test)))
  }
}
