"""Drives NVIDIA's own Python client against a server and prints what it understood, one JSON object a line.

    riva_judge.py [--uri HOST:PORT] [TLS flags] stream|offline FILE... | models | fields
"""

import argparse
import json
import sys

import riva.client
import riva.client.proto.riva_asr_pb2 as riva_asr
import riva.client.proto.riva_audio_pb2 as riva_audio
import riva.client.proto.riva_common_pb2 as riva_common
from riva.client.asr import sleep_audio_length


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--uri", default="localhost:50051")
    parser.add_argument("--ssl-root-cert")
    parser.add_argument("--ssl-client-cert")
    parser.add_argument("--ssl-client-key")
    parser.add_argument("--metadata", nargs=2, action="append", default=[])
    parser.add_argument("--chunk-frames", type=int, default=1600)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--language", default="en-US")
    parser.add_argument("--stop-history", type=int, default=-1)
    parser.add_argument("--stop-history-eou", type=int, default=-1)
    parser.add_argument("--custom", default="")
    parser.add_argument("--speakers", action="store_true")
    parser.add_argument("--punctuation", action="store_true")
    parser.add_argument("--no-verbatim", action="store_true")
    parser.add_argument("what", choices=["stream", "offline", "models", "fields"])
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def configuration(args):
    """What NVIDIA's scripts send for a file: no encoding, no rate, no channel count."""
    config = riva.client.RecognitionConfig(
        language_code=args.language,
        max_alternatives=1,
        profanity_filter=False,
        enable_automatic_punctuation=args.punctuation,
        verbatim_transcripts=not args.no_verbatim,
        enable_word_time_offsets=True,
    )
    riva.client.add_word_boosting_to_config(config, ["riva"], 4.0)
    riva.client.add_speaker_diarization_to_config(config, args.speakers, 3)
    riva.client.add_endpoint_parameters_to_config(
        config, -1, -1.0, args.stop_history, args.stop_history_eou, -1.0, -1.0
    )
    riva.client.add_custom_configuration_to_config(config, args.custom)
    return config


def words_of(alternative):
    return [
        {
            "word": w.word,
            "start": w.start_time,
            "end": w.end_time,
            "speaker": w.speaker_tag,
            "confidence": round(w.confidence, 3),
            "language": w.language_code,
        }
        for w in alternative.words
    ]


def stream(service, args, file):
    config = riva.client.StreamingRecognitionConfig(config=configuration(args), interim_results=True)
    delay = sleep_audio_length if args.realtime else None
    told = {"file": file, "finals": [], "words": [], "partials": 0, "eou": [], "responses": 0, "vad": 0}
    with riva.client.AudioChunkFileIterator(file, args.chunk_frames, delay) as chunks:
        for response in service.streaming_response_generator(chunks, config):
            told["responses"] += 1
            for result in response.results:
                told["vad"] += len(result.pipeline_states.vad_probabilities)
                if not result.alternatives:
                    continue
                best = result.alternatives[0]
                if result.is_final:
                    told["finals"].append(best.transcript)
                    told["words"] += words_of(best)
                    told["audio_processed"] = result.audio_processed
                elif result.stability == 1:
                    told["eou"].append(best.transcript)
                else:
                    told["partials"] += 1
    return told


def offline(service, args, file):
    with open(file, "rb") as f:
        response = service.offline_recognize(f.read(), configuration(args))
    best = response.results[0].alternatives[0]
    told = {"file": file, "finals": [best.transcript], "words": words_of(best)}
    return {**told, "confidence": round(best.confidence, 3), "languages": list(best.language_code)}


def models(service):
    """As `--list-models` of NVIDIA's scripts."""
    request = riva_asr.RivaSpeechRecognitionConfigRequest()
    for model in service.stub.GetRivaSpeechRecognitionConfig(request).model_config:
        yield {
            "name": model.model_name,
            "type": model.parameters["type"],
            "language": model.parameters["language_code"],
        }


def fields():
    """Every field and enum value of NVIDIA's own protocol files."""

    def of_message(message):
        for field in message.fields:
            told = {"message": message.full_name, "name": field.name, "number": field.number}
            # protobuf has renamed this: `label` in old versions, `is_repeated` in new ones.
            repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
            yield {**told, "type": field.type, "repeated": repeated}
        for nested in message.nested_types:
            yield from of_message(nested)

    for file in (riva_asr, riva_audio, riva_common):
        for message in file.DESCRIPTOR.message_types_by_name.values():
            yield from of_message(message)
        for enum in file.DESCRIPTOR.enum_types_by_name.values():
            for value in enum.values:
                yield {"message": enum.full_name, "name": value.name, "number": value.number}


def main():
    args = arguments()
    if args.what == "fields":
        answers = fields()
    else:
        auth = riva.client.Auth(
            args.ssl_root_cert,
            args.ssl_root_cert is not None,
            args.uri,
            args.metadata,
            args.ssl_client_cert,
            args.ssl_client_key,
        )
        service = riva.client.ASRService(auth)
        if args.what == "models":
            answers = models(service)
        else:
            ask = stream if args.what == "stream" else offline
            answers = (ask(service, args, file) for file in args.files)
    for answer in answers:
        print(json.dumps(answer))


if __name__ == "__main__":
    sys.exit(main())
