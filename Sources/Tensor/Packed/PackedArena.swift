// SPDX-License-Identifier: Apache-2.0

/// The packed weights of a model, all in one piece of memory.
///
/// While the networks are built, a device reserves a block for each layer and says how to pack it; by then every name
/// and shape was checked, but no weight was read. ``settle(in:verifying:progress:)`` then gives all blocks their bytes at once: from
/// a file that holds exactly what was reserved, or by packing them. Blocks must not be read before.
package final class PackedArena {
    @safe private struct Entry {
        var name: String
        var layout: String
        var offset: Int
        var block: PackedBlock
        var fill: (UnsafeMutableRawPointer) -> Void
    }

    private var entries: [Entry] = []
    private var byteCount = 0

    package init() {}

    /// Room for a layer's packed weights; see ``PackedPlace``.
    func reserve(
        name: String,
        layout: String,
        byteCount: Int,
        fill: @escaping (UnsafeMutableRawPointer) -> Void
    ) -> PackedBlock {
        let block = PackedBlock(byteCount: byteCount)
        unsafe entries.append(Entry(name: name, layout: layout, offset: self.byteCount, block: block, fill: fill))
        self.byteCount += (byteCount + 63) & ~63
        return block
    }

    /// Room for values that are not weights but computed with them.
    ///
    /// - Parameter compute: returns `count` values; called if they are not in the file.
    package func reserve(values name: String, count: Int, compute: @escaping () -> [Float]) -> PackedFloats {
        let byteCount = count * MemoryLayout<Float>.size
        let block = unsafe reserve(name: name, layout: "float32", byteCount: byteCount) { out in
            let values = compute()
            precondition(values.count == count, "\(values.count) values in room for \(count)")
            let room = unsafe UnsafeMutableRawBufferPointer(start: out, count: byteCount)
            unsafe values.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
        }
        return PackedFloats(block)
    }

    /// Gives every block its bytes, once.
    ///
    /// Never fails: what goes wrong with the file costs the time to pack, and is said in the result.
    ///
    /// - Parameters:
    ///   - file: where the packed weights are kept between processes; nil packs into memory.
    ///   - verifying: whether a file that is there is compared with what packing makes; it then is right, or replaced.
    ///   - progress: called with the bytes packed so far and all bytes; not called if nothing needs packing.
    package func settle(
        in file: PackedFile?,
        verifying: Bool = false,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) -> PackedOrigin {
        defer { entries = [] }
        var origin = PackedOrigin(byteCount: byteCount)
        guard let file else {
            pack(progress: progress)
            return origin
        }
        let header = PackedHeader(key: file.key, table: table)

        // 1. A file that is there
        do {
            let mapped = try file.open(header: header, payload: byteCount)
            if verifying { try verify(mapped, at: header.bytes.count, progress: progress) }
            settle(in: mapped, at: header.bytes.count)
            origin.state = .mapped(path: file.path)
            return origin
        } catch .absent {
            // The first load of this model.
        } catch {
            origin.notes.append("\(error); packed again")
        }

        // 2. A new file
        do {
            let writer = try PackedFileWriter(path: file.path, header: header, payload: byteCount)
            try pack(to: writer, progress: progress)
            try settle(in: writer.map(), at: header.bytes.count)
            origin.state = .written(writer.publish())
            return origin
        } catch {
            origin.notes.append("\(error); packed into memory")
        }

        // 3. No file
        pack(progress: progress)
        return origin
    }

    /// One line for each entry: name, layout, place and size.
    private var table: String {
        var lines = ""
        for entry in entries {
            lines += "\(entry.name): \(entry.layout) at \(entry.offset) size \(entry.block.byteCount)\n"
        }
        return lines
    }

    /// Lets every block lie in a mapped file whose table is this one's.
    private func settle(in file: MappedFile, at payload: Int) {
        for entry in entries {
            unsafe entry.block.settle(at: file.pointer(at: payload + entry.offset), in: file)
        }
    }

    /// Packs into memory.
    private func pack(progress: (Int, Int) -> Void) {
        let memory = OwnedMemory(byteCount: byteCount)
        for entry in entries {
            let pointer = unsafe memory.memory.pointer + entry.offset
            unsafe entry.fill(pointer)
            unsafe entry.block.settle(at: pointer, in: memory)
            progress(entry.offset + entry.block.byteCount, byteCount)
        }
    }

    /// Packs into a file, through memory for the largest layer: a disk that fills up is then an error, and not the signal
    /// that writing to a mapping would raise.
    private func pack(to writer: PackedFileWriter, progress: (Int, Int) -> Void) throws(PackedFileError) {
        let memory = OwnedMemory(byteCount: entries.map(\.block.byteCount).max() ?? 0)
        for entry in entries {
            unsafe entry.fill(memory.memory.pointer)
            unsafe try writer.write(
                UnsafeRawBufferPointer(start: memory.memory.pointer, count: entry.block.byteCount),
                at: entry.offset
            )
            progress(entry.offset + entry.block.byteCount, byteCount)
        }
    }

    /// Throws if a file's payload is not what packing makes.
    private func verify(
        _ file: MappedFile,
        at payload: Int,
        progress: (Int, Int) -> Void
    ) throws(PackedFileError) {
        let memory = OwnedMemory(byteCount: entries.map(\.block.byteCount).max() ?? 0)
        for entry in entries {
            unsafe entry.fill(memory.memory.pointer)
            let packed = unsafe UnsafeRawBufferPointer(start: memory.memory.pointer, count: entry.block.byteCount)
            guard unsafe file.bytes(at: payload + entry.offset, equal: packed) else {
                throw .unusable(path: file.path, reason: "is damaged at \(entry.name)")
            }
            progress(entry.offset + entry.block.byteCount, byteCount)
        }
    }
}
