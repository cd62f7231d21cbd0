package main

import (
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// passOn hands the engine's monitor the calls that this version does not know, such as RegisterResourceHook, as they come: a message
// keeps the fields that it has no names for (https://protobuf.dev/programming-guides/proto3/#unknowns).
func passOn(target *grpc.ClientConn) grpc.ServerOption {
	return grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		request, answer := &emptypb.Empty{}, &emptypb.Empty{}
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		if err := target.Invoke(stream.Context(), method, request, answer); err != nil {
			return err
		}
		return stream.SendMsg(answer)
	})
}
