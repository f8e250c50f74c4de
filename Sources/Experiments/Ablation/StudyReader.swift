import Datasets
import Diagnostics
import Files
import Foundation
import Groups
import Parameters
import Yams

extension Study {
  /// Reads a study.
  ///
  /// Paths of datasets begin at the folder of the study. A factor that varies
  /// without a place in `baseline` has its first value as its baseline.
  ///
  ///     name: nu of the SVM
  ///     datasets:
  ///       - path: ../inspection
  ///     baseline: {detector: ocsvm, size: 32}
  ///     vary:
  ///       nu: [0.1, 0.05, 0.2]
  ///
  /// - Throws: `StudyFault.invalid` naming the line, `FileFault.unreadable`.
  public init(
    contentsOf url: URL, catalog: DetectorCatalog = .standard
  ) throws {
    let bytes = try MappedFile(url).withBytes { Array($0) }
    self = try StudyReader(
      path: url.relativePath, factors: StudyFactors(catalog)
    ).study(bytes)
  }
}

/// From YAML to a study, with a fault that names the line for whatever is
/// wrong.
struct StudyReader {
  let path: String
  let factors: StudyFactors

  func study(_ bytes: [UInt8]) throws -> Study {
    let root = try mapping(
      try document(bytes), "the study",
      keys: [
        "name", "datasets", "baseline", "vary", "design", "seeds", "tables",
      ])
    guard let datasets = root["datasets"] else {
      throw fault(nil, "there are no datasets", "add datasets: [{path: ...}]")
    }
    guard let vary = root["vary"] else {
      throw fault(nil, "nothing varies", "add vary: {FACTOR: [VALUE, ...]}")
    }
    let design = try root["design"].map {
      try choice($0, "design", of: Study.Design.self)
    }
    let (baseline, variations) = try settings(
      baseline: root["baseline"], vary: vary, design: design ?? .grid)
    let file = URL(fileURLWithPath: path).deletingPathExtension()
    var study = Study(
      name: try root["name"].map { try text($0, "name") }
        ?? file.lastPathComponent,
      path: path,
      datasets: try list(datasets, "datasets").map(source),
      baseline: baseline, variations: variations, design: design ?? .grid,
      seeds: try root["seeds"].map(seeds) ?? [0], tables: [], factors: factors)
    try checkSize(of: study, at: vary)
    study.tables =
      try root["tables"].map { try list($0, "tables").map(layout(in: study)) }
      ?? study.usualTables
    return study
  }

  // MARK: Parts

  private func source(_ node: Node) throws -> Study.Source {
    let parameters = DatasetOptions.allParameters
    let keys = try mapping(
      node, "a dataset",
      keys: ["path", "pool", "groups"] + parameters.map(\.studyKey))
    guard let pathNode = keys["path"] else {
      throw fault(node, "a dataset has no path", "add path: FOLDER-OR-FILE")
    }
    var source = Study.Source(path: besideStudy(try text(pathNode, "path")))
    source.line = pathNode.mark?.line ?? 1
    source.isPooled = try keys["pool"].map { try flag($0, "pool") } ?? false
    source.grouping = try keys["groups"].map { node in
      guard let grouping = Grouping(try text(node, "groups")) else {
        throw fault(
          node, "groups are no number", "use auto, a number or off")
      }
      return grouping
    }
    for parameter in parameters {
      guard let node = keys[parameter.studyKey] else { continue }
      let nodes =
        parameter.form == .list ? try list(node, parameter.studyKey) : [node]
      var texts = try nodes.map { try text($0, parameter.studyKey) }
      if parameter.isPath { texts = texts.map(besideStudy) }
      do {
        try parameter.set(texts, of: &source.options)
      } catch let error as ParameterFault {
        throw fault(node, error.problem, error.remedy)
      }
    }
    return source
  }

  private func settings(
    baseline: Node?, vary: Node, design: Study.Design
  ) throws -> (StudySetting, [Study.Variation]) {
    let fixed = try baseline.map { try pairs($0, "baseline") } ?? []
    let lists = try pairs(vary, "vary").map { key, node in
      let name = try text(key, "a key")
      let values = try list(node, name)
      guard !values.isEmpty else {
        throw fault(node, "\(name) has no values", "list at least one")
      }
      return (key: key, node: node, values: values)
    }
    guard !lists.isEmpty else {
      throw fault(vary, "nothing varies", "add FACTOR: [VALUE, ...]")
    }
    var given = fixed.map { ($0.key, [$0.value]) }
    given += lists.map { ($0.key, $0.values) }
    for (key, _) in given { _ = try factor(key) }
    let named = try detectors(given)
    // In a grid all that vary, else that of the baseline, which comes first.
    let detectors =
      (design == .grid ? named.last : named.first.map { [$0[0]] }) ?? []
    guard !detectors.isEmpty else {
      throw fault(
        baseline ?? vary, "there is no detector",
        "add detector to the baseline or to vary")
    }
    for (key, nodes) in given {
      let factor = try factor(key)
      guard detectors.contains(where: factor.matters) else {
        throw fault(
          key,
          "\(factor.name) makes no difference to"
            + " \(detectors.joined(separator: ", "))",
          "remove it, or choose another detector")
      }
      for node in nodes {
        try check(node, of: factor, for: named.flatMap(\.self))
      }
    }
    var setting = StudySetting([:])
    for (key, node) in fixed {
      setting.values[try factor(key).name] = try text(node, "a value")
    }
    let variations = try lists.map { key, node, nodes in
      let name = try factor(key).name
      var values = try nodes.map { try text($0, name) }.uniqued()
      let base = setting[name] ?? values[0]
      if !values.contains(base) {
        guard design == .oneAtATime else {
          throw fault(
            node, "\(name) leaves out the baseline's \(base)",
            "add it to the list, or change the baseline")
        }
        values.insert(base, at: 0)
      }
      return Study.Variation(factor: name, values: values, baseline: base)
    }
    for variation in variations {
      setting.values[variation.factor] = variation.baseline
    }
    return (setting, variations)
  }

  /// The detectors of the baseline and those that vary, where they are given.
  private func detectors(
    _ given: [(key: Node, values: [Node])]
  ) throws -> [[String]] {
    try given.filter { try text($0.key, "a key") == StudyFactors.detector }
      .map { _, nodes in
        try nodes.map { node in
          let name = try text(node, StudyFactors.detector)
          guard factors.catalog.names.contains(name) else {
            throw impossible(
              node, StudyFactors.detector,
              factors.catalog.names.joined(separator: ", "))
          }
          return name
        }
      }
  }

  /// - Throws: `StudyFault` at the value's line.
  private func check(
    _ node: Node, of factor: StudyFactors.Factor, for detectors: [String]
  ) throws {
    let value = try text(node, factor.name)
    do {
      try factors.check(value, of: factor, for: detectors)
    } catch let error as any Fault {
      throw fault(node, error.problem, error.remedy)
    }
  }

  private func seeds(_ node: Node) throws -> [UInt64] {
    if case .sequence = node {
      let seeds = try list(node, "seeds").map { node in
        guard let seed = UInt64(try text(node, "seeds")) else {
          throw impossible(node, "seeds", "whole numbers")
        }
        return seed
      }
      guard !seeds.isEmpty else {
        throw fault(node, "seeds is empty", "give a count, or list them")
      }
      return seeds.uniqued()
    }
    let count = try whole(node, "seeds")
    guard count >= 1 else { throw impossible(node, "seeds", "1 or more") }
    guard count <= Study.runLimit else {
      throw tooLarge(node, "\(count) seeds")
    }
    return (0..<count).map(UInt64.init)
  }

  private func layout(in study: Study) -> (Node) throws -> Study.TableLayout {
    { node in
      let keys = try mapping(node, "a table", keys: ["rows", "columns"])
      let known =
        study.variations.map(\.factor) + ["category", "dataset"]
      func axis(_ key: String) throws -> [String] {
        guard let axis = keys[key] else {
          throw fault(
            node, "a table has no \(key)",
            "add \(key): one of \(known.joined(separator: ", "))")
        }
        let names: [Node] =
          if case .sequence(let nodes) = axis { Array(nodes) } else { [axis] }
        guard !names.isEmpty else {
          throw fault(axis, "\(key) is empty", "name a factor")
        }
        return try names.map { name in
          let factor = try text(name, key)
          guard known.contains(factor) else {
            throw fault(
              name, "\(factor) does not vary",
              "use \(known.joined(separator: ", "))")
          }
          return factor
        }
      }
      return Study.TableLayout(
        rows: try axis("rows"), columns: try axis("columns"))
    }
  }

  /// Refuses before all combinations are made.
  private func checkSize(of study: Study, at node: Node) throws {
    var combinations = 1
    for variation in study.variations {
      switch study.design {
      case .grid: combinations *= variation.values.count
      case .oneAtATime: combinations += variation.values.count - 1
      }
      guard combinations <= 10 * Study.runLimit else {
        throw tooLarge(node, "more than \(10 * Study.runLimit) settings")
      }
    }
    let count =
      study.settings.count * study.seeds.count * study.datasets.count
    guard count <= Study.runLimit else { throw tooLarge(node, "\(count) runs") }
  }

  private func tooLarge(_ node: Node, _ size: String) -> StudyFault {
    fault(
      node, "the study has \(size)",
      "shorten the lists, or split it: \(Study.runLimit) runs at most")
  }

  private func factor(_ node: Node) throws -> StudyFactors.Factor {
    let name = try text(node, "a key")
    guard let factor = factors[name] else {
      let names = factors.all.map(\.name)
      throw fault(
        node, "there is no hyper-parameter \(name)",
        DatasetOptions.allParameters.contains { $0.studyKey == name }
          ? "it belongs to a dataset: put it beside path"
          : nearest(name, among: names).map { "did you mean \($0)?" }
            ?? "use \(names.joined(separator: ", "))")
    }
    return factor
  }

  private func besideStudy(_ path: String) -> String {
    let folder = URL(fileURLWithPath: self.path).deletingLastPathComponent()
    let resolved = URL(fileURLWithPath: path, relativeTo: folder)
      .standardizedFileURL.path
    let here = FileManager.default.currentDirectoryPath + "/"
    return resolved.hasPrefix(here)
      ? String(resolved.dropFirst(here.count)) : resolved
  }
}

extension Parameter<DatasetOptions> {
  /// What a study calls it: lists by the plural.
  fileprivate var studyKey: String {
    guard form == .list, !name.hasSuffix("s") else { return name }
    return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
  }
}
