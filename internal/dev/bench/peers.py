# Loads JSON lines with dlt: peers.py FILE FOLDER KEY... The folder is where dlt keeps its state.
import os
import sys

import dlt
import orjson

file, folder, *key = sys.argv[1:]


@dlt.resource(name="stats_day", write_disposition="merge", primary_key=key)
def rows():
    batch = []
    with open(file, "rb") as lines:
        for line in lines:
            batch.append(orjson.loads(line))
            if len(batch) == 10_000:
                yield batch
                batch = []
    yield batch


dlt.pipeline(
    "bench", pipelines_dir=folder, dataset_name="peer", destination=dlt.destinations.postgres(os.environ["DATABASE_URL"])
).run(rows())
