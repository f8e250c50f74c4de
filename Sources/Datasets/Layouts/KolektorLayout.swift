import Diagnostics
import Execution
import Files
import Foundation
import Images

extension DatasetKind {
  /// KolektorSDD or KolektorSDD2: every picture beside its mask.
  public static let kolektor = KolektorLayout.kind
}

/// The layouts of KolektorSDD (`kos01/Part0.jpg`, `kos01/Part0_label.bmp`;
/// Tabernik and others 2020), whose split is drawn by the seed, and KolektorSDD2
/// (`train/10000.png`, `train/10000_GT.png`; Božič and others 2021).
///
/// A picture is an anomaly when its mask is not black.
enum KolektorLayout: DatasetLayout {
  static let name = "kolektor"
  static let summary = "KolektorSDD or KolektorSDD2"

  /// What is behind the name of a picture in that of its mask.
  private static let endings = ["_label", "_GT"]

  static func sign(of place: Folder) throws -> String? {
    guard place.exists else { return nil }
    if place.part("train").exists {
      return try mask(in: place.part("train")).map { "train/\($0)" }
    }
    for folder in try place.folders() where folder.name.hasPrefix("kos") {
      if let mask = try mask(in: folder) { return "\(folder.name)/\(mask)" }
    }
    return nil
  }

  private static func mask(in folder: Folder) throws -> String? {
    try folder.names().first {
      PictureFormat(ending: ($0 as NSString).pathExtension) != nil
        && isMask(folder[$0].url)
    }
  }

  private static func isMask(_ url: URL) -> Bool {
    endings.contains { url.stem.contains($0) }
  }

  static func read(
    _ place: Folder, name: String, options: DatasetOptions,
    in context: RunContext
  ) throws -> [DatasetCategory] {
    let path = place.url.path
    guard place.part("train").exists else {
      let samples = try labelled(
        ClassFoldersLayout.samples(
          in: place.folders().filter { $0.name.hasPrefix("kos") },
          category: name, path: path), in: context)
      return [
        try SeededSplit.category(
          named: name, of: samples, path: path, options, in: context)
      ]
    }
    func samples(_ split: String) throws -> [Sample] {
      let folder = place.part(split)
      guard folder.exists else {
        throw DatasetFault.missing(
          path: folder.url.path,
          neededFor: "training images are in train/, test images in test/")
      }
      let pictures = try folder.pictures()
      guard !pictures.isEmpty else {
        throw DatasetFault.noImages(path: folder.url.path)
      }
      return try labelled(
        FoldersLayout.samples(
          of: pictures.map { (nil, $0) }, category: name,
          path: folder.url.path), in: context)
    }
    return [
      DatasetCategory(
        name: name,
        train: SampleSet(
          imageFiles: try samples("train")
            .withoutAnomalies(
              of: name, path: place.part("train").url.path, in: context)),
        test: SampleSet(imageFiles: try samples("test")))
    ]
  }

  /// The samples that are no masks, with what their masks say.
  private static func labelled(
    _ samples: [Sample], in context: RunContext
  ) throws -> [Sample] {
    let files = Dictionary(
      samples.compactMap { sample in
        sample.image.map { ($0.deletingPathExtension().path, $0) }
      }, uniquingKeysWith: { first, _ in first })
    let pictures = samples.filter { $0.image.map(isMask) == false }
    return try context.withThreads {
      try Parallel.map(pictures.count) { index in
        try context.cancellation.check()
        var sample = pictures[index]
        guard let image = sample.image else { return sample }
        let stem = image.deletingPathExtension().path
        guard
          let mask = endings.lazy.compactMap({ files[stem + $0] }).first
        else {
          throw DatasetFault.missingMask(
            path: stem + "_GT.png", image: image.path)
        }
        let isDefective = try DefectMaskFile.read(mask).values.contains(1)
        sample.label = isDefective ? 1 : 0
        sample.defect = isDefective ? "defect" : "good"
        sample.mask = isDefective ? mask : nil
        return sample
      }
    }
  }
}
